import { framing } from "../../framing.ts";
import type { ReplyAction } from "../../manifest/api-definition.generated.ts";
import { isSendable } from "../../sendable.ts";
import type { HeaderList } from "../http/header-list.ts";

/** An answer that is the same for every call. */
export interface Reply {
  readonly kind: "reply";
  readonly status: number;
  /** With the length of the body. Null when one of them can't be sent. */
  readonly headers: HeaderList | null;
  /** Null where HTTP knows none. A small one is a text of its bytes, one a character: it goes out in one piece with the head. */
  readonly body: Buffer | string | null;
}

const bodiless = new Set([204, 205, 304]);
const inOnePiece = 8 * 1024;

/** Puts a reply together, ready to be sent. */
export function replyOf(
  status: number,
  headers: readonly (readonly [name: string, value: string])[],
  body: Buffer,
): Reply {
  const isBodiless = bodiless.has(status);
  const length = isBodiless ? [] : ["content-length", String(body.length)];
  return {
    kind: "reply",
    status,
    headers: headers.every(isSendable) ? [...headers.flat(), ...length] : null,
    body: isBodiless ? null : body.length > inOnePiece ? body : body.toString("latin1"),
  };
}

/** Makes a reply ready for serving. Text unless its headers say otherwise. */
export function prepareReply(action: ReplyAction): Reply {
  const headers = Object.entries(action.headers ?? {}).filter(([name]) => !framing.has(name.toLowerCase()));
  const body = Buffer.from(action.body ?? "");
  const typed = headers.some(([name]) => name.toLowerCase() === "content-type");
  if (!typed && body.length > 0) headers.push(["content-type", "text/plain; charset=utf-8"]);
  return replyOf(action.status ?? 200, headers, body);
}
