import { isSendable } from "../../sendable.ts";
import type { Refusal } from "../endpoint-error.ts";
import { closedToScripts } from "../http/header-names.ts";
import type { ScriptAnswer } from "../script/script-job.ts";
import { type Reply, replyOf } from "./reply-definition.ts";

const headerLimit = 64 * 1024;

/** Checks what a script returned; anything wrong with it is the API's fault, not the caller's. */
export function checkAnswer(answer: ScriptAnswer, limit: number): Reply | Refusal {
  const head = JSON.parse(answer.head) as { status?: unknown; headers?: unknown };
  const { status = 200 } = head;
  if (typeof status !== "number" || !Number.isInteger(status) || status < 200 || status > 599)
    return { code: 1002, reason: `status ${JSON.stringify(status)}` };
  const headers = headerPairs(head.headers ?? {});
  if (!headers) return { code: 1013, reason: "headers that are no texts by name, or beyond 64 KiB" };
  const malformed = headers.find((header) => !isSendable(header));
  if (malformed) return { code: 1013, reason: `header ${JSON.stringify(malformed[0])}` };
  const forbidden = headers.find(([name]) => closedToScripts.has(name.toLowerCase()));
  if (forbidden) return { code: 1012, reason: `header '${forbidden[0].toLowerCase()}'` };
  const body = Buffer.from(answer.body as Uint8Array);
  if (body.length > limit) return { code: 17, reason: `a body of ${body.length} bytes` };
  const typed = headers.some(([name]) => name.toLowerCase() === "content-type");
  const type = answer.bodyKind === "text" ? "application/json" : "application/octet-stream";
  if (!typed && body.length > 0) headers.push(["content-type", type]);
  return replyOf(status, headers, body);
}

/** Null for anything but an object of strings and lists of strings, of a sane size. */
export function headerPairs(headers: unknown): [string, string][] | null {
  if (typeof headers !== "object" || headers === null || Array.isArray(headers)) return null;
  const pairs = Object.entries(headers).flatMap(([name, value]: [string, unknown]) =>
    [value].flat().map((item): [string, unknown] => [name, item]),
  );
  const size = pairs.reduce((sum, [name, value]) => sum + name.length + String(value).length, 0);
  if (size > headerLimit || !pairs.every(([, value]) => typeof value === "string")) return null;
  return pairs as [string, string][];
}
