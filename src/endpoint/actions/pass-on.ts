import { type Dispatcher, errors } from "undici";

import { messageOf } from "../../errors.ts";
import { isSendable } from "../../sendable.ts";
import { deniedCode } from "../../target-guard.ts";
import type { Call } from "../call.ts";
import type { Refusal } from "../endpoint-error.ts";
import { beginAnswer } from "../http/begin-answer.ts";
import { boundDelivery } from "../http/bound-delivery.ts";
import { filterHeaders, type HeaderList, valuesOf } from "../http/header-list.ts";
import { clientHeaders } from "./forwarded-headers.ts";

/** An answer on its way from an upstream to the client. */
export interface Passage {
  /** What the upstream says goes here. */
  readonly handler: Dispatcher.DispatchHandler;
  /** Ends it, if it has not ended: the upstream is told to stop. */
  readonly refuse: (refusal: Refusal) => void;
  /** How it ended: null when the client has the whole answer. After that began, a refusal can't be told any more. */
  readonly over: Promise<Refusal | null>;
}

/** What a passage tells of. */
interface Listener {
  /** The head of the answer is there. */
  readonly begun: () => void;
  /** The upstream failed; true when it is asked again, with the same handler. */
  readonly failed: (error: Error) => boolean;
  /** It is over, however it ended. */
  readonly ended: () => void;
}

/**
 * Passes the answer to a call on as it comes, as fast as the client takes it and no faster. Streams in
 * between would cost more than everything else that is done for a call.
 */
export function passOn(call: Call, { begun, failed, ended }: Listener): Passage {
  const { response } = call;
  const limit = call.definition.limits.responseBody ?? Infinity;
  let upstream: Dispatcher.DispatchController | null = null;
  let refused: Refusal | null = null;
  let size = 0;
  let status = 0;
  /** Until it is sent: for a moment, in which a refusal can still be told. */
  let head: HeaderList | null = null;
  let resolve = (_outcome: Refusal | null) => {};
  const over = new Promise<Refusal | null>((settle) => (resolve = settle));
  response.on("close", () => (response.writableFinished ? end(null) : refuse({ code: 2011 })));
  // While middleware ran, say.
  if (response.destroyed) refuse({ code: 2011 });
  return {
    over,
    refuse,
    handler: {
      onRequestStart(controller) {
        upstream = controller;
        if (refused) stop(controller);
      },
      onResponseStart(controller, code) {
        if (code < 200) return;
        begun();
        status = code;
        head = textsOf(controller.rawHeaders);
        // What is there goes out with the head, which does not wait for more. flushHeaders would send it as UTF-8.
        process.nextTick(() => {
          if (!head) return;
          release(head);
          if (!refused && !response.destroyed) response.write(Buffer.alloc(0));
        });
      },
      onResponseData(controller, chunk) {
        size += chunk.length;
        if (size > limit) return refuse({ code: 17, reason: "the upstream's answer is beyond the limit" });
        if (head) release(head);
        if (!refused && !response.destroyed && !response.write(chunk)) waitForClient(controller);
      },
      onResponseEnd: finish,
      onResponseError(_controller, error) {
        if (!refused && isWholeWithoutBody(status, error)) finish();
        else if (refused || !failed(error)) end(refused ?? refusalFor(error));
      },
    },
  };

  function finish(): void {
    if (head) release(head);
    if (refused) return;
    response.end();
    boundDelivery(response);
  }

  function end(outcome: Refusal | null): void {
    head = null;
    ended();
    resolve(outcome);
  }

  function refuse(refusal: Refusal): void {
    refused ??= refusal;
    if (upstream) stop(upstream);
    end(refused);
  }

  function release(held: HeaderList): void {
    head = null;
    const refusal = sendHead(call, status, held);
    if (refusal) refuse(refusal);
  }

  function waitForClient(controller: Dispatcher.DispatchController): void {
    controller.pause();
    response.once("drain", () => controller.resume());
    boundDelivery(response);
  }
}

/** Begins an answer as an upstream does, unless it says that its body is beyond the definition's limit. */
export function sendHead(call: Call, status: number, came: HeaderList): Refusal | null {
  const { request, definition } = call;
  const headers = headersFor(status, clientHeaders(came));
  const limit = definition.limits.responseBody;
  if (
    limit !== null &&
    request.method !== "HEAD" &&
    status !== 304 &&
    Number(valuesOf(headers, "content-length")[0] ?? 0) > limit
  )
    return { code: 17 };
  try {
    beginAnswer(call, status, headers);
  } catch {
    // Node.js looks at each of them anyway. What it does not take is left out.
    beginAnswer(
      call,
      status,
      filterHeaders(headers, (name, value) => isSendable([name, value])),
    );
  }
  return null;
}

/** A length has no place in a 204, and some clients would wait for what is as long (RFC 9110 8.6). */
function headersFor(status: number, headers: string[]): string[] {
  return status === 204 ? filterHeaders(headers, (name) => name.toLowerCase() !== "content-length") : headers;
}

/**
 * Whether an answer that is said to be cut off is whole: one without a body by its status may say how long
 * the body would be (RFC 9110 8.6), and undici misses the body then.
 */
function isWholeWithoutBody(status: number, error: Error): boolean {
  return (status === 204 || status === 304) && error instanceof errors.ResponseContentLengthMismatchError;
}

function stop(controller: Dispatcher.DispatchController): void {
  controller.abort(new Error("The call is over."));
}

/** Names and values in turn. */
function textsOf(raw: Dispatcher.DispatchController["rawHeaders"]): string[] {
  return Array.isArray(raw) ? raw.map((text) => text.toString("latin1")) : [];
}

const brokenOff = new Set(["other side closed", "closed"]);

/**
 * Whether a failure before the answer may come of a connection that the upstream had given up already: one
 * that served a call before. Of one that was reset it is not known whether it did.
 */
export function mayBeStale(error: Error): boolean {
  const { code, message } = error as NodeJS.ErrnoException;
  if (!(error instanceof errors.SocketError)) return code === "ECONNRESET" || code === "EPIPE";
  return brokenOff.has(message) && error.socket?.bytesRead !== 0;
}

const unreachable = new Set([
  "ECONNREFUSED",
  "ENOTFOUND",
  "EAI_AGAIN",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "UND_ERR_CONNECT_TIMEOUT",
]);

/** The refusal for what an upstream failed with. */
export function refusalFor(error: unknown): Refusal {
  const code = (error as NodeJS.ErrnoException).code ?? "";
  const reason = `${code} ${messageOf(error)}`.trim();
  if (code === deniedCode) return { code: 2009, reason };
  return { code: unreachable.has(code) ? 2010 : 2011, reason };
}
