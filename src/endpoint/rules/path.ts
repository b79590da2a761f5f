import type { Reply } from "../actions/reply-definition.ts";
import type { Call } from "../call.ts";
import type { Refusal } from "../endpoint-error.ts";

/** Lets in what the path lists let in, and answers where an entry has an answer of its own. */
export function pathIsOpen({ path }: Call): Refusal | Reply | null {
  if (path.reply) return path.reply;
  const refused = path.kind === "blocked" || path.kind === "unlisted" || path.kind === "ambiguous";
  return refused ? { code: 2016 } : null;
}
