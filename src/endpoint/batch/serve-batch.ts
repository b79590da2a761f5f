import { once } from "node:events";
import { setImmediate } from "node:timers/promises";

import { hopByHop } from "../../framing.ts";
import type { Call } from "../call.ts";
import { endpointErrors, errorBody, type Refusal } from "../endpoint-error.ts";
import { beginAnswer } from "../http/begin-answer.ts";
import { boundDelivery } from "../http/bound-delivery.ts";
import { readBody } from "../http/request-body.ts";
import { askedHost, pathOf } from "../http/request-target.ts";
import { batchPath } from "../table/batch-path.ts";
import type { BatchReader } from "./batch-reader.ts";
import {
  createLocalExchange,
  type LocalAnswer,
  type LocalExchange,
  type LocalHandler,
} from "./local-exchange.ts";
import { type Batch, type BatchedRequest, readBatch } from "./read-batch.ts";
import { type Unit, writeUnits } from "./write-units.ts";

const requestLimit = 8 * 1024 * 1024;
const answerLimit = 16 * 1024 * 1024;
const timeLimit = 90_000;
const atOnce = 10;

/** What a request of a batch is refused with when its answer does not come to an end. */
const cutOff = {
  "too-large": { code: 17 },
  late: { code: 2012 },
  broken: { code: 2011 },
} as const satisfies Record<Exclude<LocalAnswer["end"], "whole">, Refusal>;

/** What serving a batch needs. */
export interface BatchTools {
  /** Serves one of its requests. */
  readonly handle: LocalHandler;
  readonly nodeId: number;
  /** What reads it. Without, this thread does. */
  readonly batches?: Pick<BatchReader, "read">;
}

/**
 * Serves the requests of a batch one by one as if they had come by themselves, and answers with all
 * answers in the order of the requests. The batch itself asks for no token, and hands none on.
 */
export async function serveBatch(call: Call, tools: BatchTools): Promise<Refusal | null> {
  const { request, response, definition } = call;
  const { handle, nodeId, batches = { read: readBatch } } = tools;
  if (request.method !== "POST") return { code: 3, headers: { allow: "POST" } };
  const gone = new AbortController();
  response.once("close", () => gone.abort());
  const { requestBody, responseBody } = definition.limits;
  const body = await readBody(request, response, Math.min(requestBody ?? requestLimit, requestLimit));
  if (body === "too-large") return { code: 1009 };
  const root = pathOf(call.target.segments.slice(0, call.depth - batchPath.length));
  const batch = await batches.read(body, root, definition.batch?.maxRequests ?? 0);
  if ("code" in batch) return batch;
  const units = await answerAll(batch, {
    exchange: createLocalExchange(handle, call.clientAddress),
    // Definitions of a domain answer there only.
    host: askedHost(request.url ?? "", request.headers.host),
    handedOn: handedOn(call),
    signal: AbortSignal.any([gone.signal, AbortSignal.timeout(timeLimit)]),
    room: Math.min(responseBody ?? answerLimit, answerLimit),
    nodeId,
  });
  await deliver(units, call, gone.signal);
  return null;
}

/** Answers as fast as the client takes it, and no faster. */
async function deliver(units: readonly Unit[], call: Call, gone: AbortSignal): Promise<void> {
  const { response } = call;
  if (gone.aborted) return;
  beginAnswer(call, 200, ["content-type", "application/json; charset=utf-8"]);
  for await (const piece of writeUnits(units)) {
    if (gone.aborted) return;
    if (response.write(piece)) continue;
    boundDelivery(response);
    await once(response, "drain", { signal: gone }).catch(() => {});
  }
  response.end();
  boundDelivery(response);
}

interface Run {
  readonly exchange: LocalExchange;
  readonly host: string;
  /** Headers that come with every request of the batch. */
  readonly handedOn: readonly (readonly [name: string, value: string])[];
  readonly signal: AbortSignal;
  /** Bytes left for bodies. */
  room: number;
  readonly nodeId: number;
}

async function answerAll({ requests, inTurn }: Batch, run: Run): Promise<Unit[]> {
  const units: Unit[] = [];
  let next = 0;
  const work = async () => {
    for (const request of requests) {
      const index = next++;
      // A request that waits for nobody is over in this turn of the event loop: others come in between.
      await setImmediate();
      units[index] = await answerOne(request, run);
    }
  };
  await Promise.all(Array.from({ length: inTurn ? 1 : atOnce }, work));
  return units;
}

async function answerOne(request: BatchedRequest, run: Run): Promise<Unit> {
  const { exchange, host, handedOn, signal, nodeId } = run;
  if (signal.aborted) return refused(request, { code: 2012 }, nodeId);
  let taken = 0;
  const mayTake = (bytes: number) => {
    taken += bytes;
    run.room -= bytes;
    return run.room >= 0;
  };
  try {
    const asked = { ...request, headers: [...request.headers, ...handedOn] };
    const answer = await exchange(asked, host, signal, mayTake);
    if (answer.end === "whole")
      return {
        relative_url: request.relativeUrl,
        code: answer.status,
        headers: headersByName(answer.headers),
        body: answer.body,
      };
    run.room += taken;
    return refused(request, cutOff[answer.end], nodeId);
  } catch {
    run.room += taken;
    return refused(request, { code: signal.aborted ? 2012 : 2011 }, nodeId);
  }
}

/** What a trusted proxy says of a batch, it says of each of its requests. */
function handedOn({ isHandedOn, request }: Call): [string, string][] {
  const names = ["x-forwarded-proto", "x-forwarded-host"];
  const said = names.map((name): [string, unknown] => [name, request.headers[name]]);
  return isHandedOn ? said.filter((pair): pair is [string, string] => typeof pair[1] === "string") : [];
}

/** The unit of a request that was not answered, or not to the end. */
function refused({ relativeUrl }: BatchedRequest, refusal: Refusal, nodeId: number): Unit {
  return {
    relative_url: relativeUrl,
    code: endpointErrors[refusal.code].status,
    headers: { "Content-Type": ["application/json; charset=utf-8"] },
    body: [Buffer.from(errorBody(refusal, nodeId))],
  };
}

/** Names as `Content-Type`, which is how clients of such batches know them. */
function headersByName(raw: readonly string[]): Record<string, string[]> {
  const headers = new Map<string, string[]>();
  for (let index = 0; index < raw.length; index += 2) {
    const name = (raw[index] ?? "").toLowerCase();
    if (hopByHop.has(name)) continue;
    const key = name.replace(/(?:^|-)[a-z]/g, (letter) => letter.toUpperCase());
    headers.set(key, [...(headers.get(key) ?? []), raw[index + 1] ?? ""]);
  }
  return Object.fromEntries(headers);
}
