import { createHash } from "node:crypto";

import type { ApiContext } from "./api-route.ts";

/**
 * Answers with an object and its entity tag: the hash of the object, which `If-Match` is compared by, and that of
 * the answer, which has more to it. A 304 when `If-None-Match` says that the client has just that.
 */
export function answerTagged(context: ApiContext, body: object, hash: string): Response {
  const answer = createHash("sha256").update(JSON.stringify(body)).digest("hex");
  const etag = `"${hash}-${answer.slice(0, 16)}"`;
  const known = context.req.header("if-none-match") ?? "";
  const has = known.trim() === "*" || tagsIn(known).some((tag) => `"${tag}"` === etag);
  return has ? context.body(null, 304, { etag }) : context.json(body, 200, { etag });
}

/** The hashes of the objects that `If-Match` names, or that of what there is now. */
export function seenHashes(context: ApiContext, current: string): readonly string[] {
  const asked = (context.req.header("if-match") ?? "").trim();
  if (asked === "" || asked === "*") return [current];
  return tagsIn(asked).map((tag) => tag.split("-", 1)[0] ?? "");
}

function tagsIn(header: string): string[] {
  return [...header.matchAll(/"([^"]*)"/g)].map(([, tag = ""]) => tag);
}
