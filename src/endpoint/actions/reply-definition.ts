import type { ReplyAction } from "../../manifest/api-definition.generated.ts";
import { framing } from "../http/header-names.ts";

/** An answer that is the same for every call. */
export interface Reply {
  readonly kind: "reply";
  readonly status: number;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: Buffer;
}

/** Makes a reply ready for serving. Text unless its headers say otherwise. */
export function prepareReply(action: ReplyAction): Reply {
  const headers = Object.entries(action.headers ?? {}).filter(([name]) => !framing.has(name.toLowerCase()));
  const body = Buffer.from(action.body ?? "");
  const typed = headers.some(([name]) => name.toLowerCase() === "content-type");
  if (!typed && body.length > 0) headers.push(["content-type", "text/plain; charset=utf-8"]);
  return { kind: "reply", status: action.status ?? 200, headers, body };
}
