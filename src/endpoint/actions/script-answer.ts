import type { Refusal } from "../endpoint-error.ts";
import type { ScriptAnswer } from "../script/script-job.ts";
import { isSendable } from "./reply.ts";

/** A script's answer, checked. */
export interface CheckedAnswer {
  readonly status: number;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: Buffer;
}

/** Headers that a script may not set (UD-APIs 2.3), and keep-alive, which frames the connection too. */
const blocked = new Set([
  "access-control-allow-origin",
  "access-control-allow-credentials",
  "access-control-expose-headers",
  "access-control-allow-methods",
  "access-control-max-age",
  "vary",
  "content-length",
  "set-cookie",
  "www-authenticate",
  "proxy-authenticate",
  "transfer-encoding",
  "connection",
  "keep-alive",
  "upgrade",
  "trailer",
  "te",
  "via",
  "server",
  "date",
  "strict-transport-security",
]);

const headerLimit = 64 * 1024;

/** Checks what a script returned; anything wrong with it is the API's fault, not the caller's. */
export function checkAnswer(answer: ScriptAnswer, limit: number): CheckedAnswer | Refusal {
  const head = JSON.parse(answer.head) as { status?: unknown; headers?: unknown };
  const { status = 200 } = head;
  if (typeof status !== "number" || !Number.isInteger(status) || status < 200 || status > 599)
    return { code: 1002, reason: `status ${JSON.stringify(status)}` };
  const headers = headerPairs(head.headers ?? {});
  if (!headers || !headers.every(isSendable)) return { code: 1013 };
  const forbidden = headers.find(([name]) => blocked.has(name.toLowerCase()));
  if (forbidden) return { code: 1012, reason: `header '${forbidden[0].toLowerCase()}'` };
  const body = Buffer.from(answer.body as Uint8Array);
  if (body.length > limit) return { code: 17 };
  const typed = headers.some(([name]) => name.toLowerCase() === "content-type");
  const type = answer.bodyKind === "text" ? "application/json" : "application/octet-stream";
  return {
    status,
    headers: typed || body.length === 0 ? headers : [...headers, ["content-type", type]],
    body,
  };
}

/** Null for anything but an object of strings and lists of strings, of a sane size. */
function headerPairs(headers: unknown): [string, string][] | null {
  if (typeof headers !== "object" || headers === null || Array.isArray(headers)) return null;
  const pairs = Object.entries(headers).flatMap(([name, value]: [string, unknown]) =>
    [value].flat().map((item): [string, unknown] => [name, item]),
  );
  const size = pairs.reduce((sum, [name, value]) => sum + name.length + String(value).length, 0);
  if (size > headerLimit || !pairs.every(([, value]) => typeof value === "string")) return null;
  return pairs as [string, string][];
}
