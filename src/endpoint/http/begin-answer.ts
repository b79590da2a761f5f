import type { ServerResponse } from "node:http";

import type { HeaderList } from "./header-list.ts";

/** An answer that has not begun. */
export interface Answer {
  readonly response: ServerResponse;
  /** The headers that only Gitway sets, by lower-case name: also of refusals, and whatever an action wants. */
  readonly ownHeaders: HeaderList;
}

/**
 * Begins an answer: Gitway's own headers first, then the others. Those of the same names are left out, since
 * nobody else speaks for Gitway. Throws when a header can't be sent as it is; the answer has not begun then.
 */
export function beginAnswer({ response, ownHeaders }: Answer, status: number, others: HeaderList): void {
  // All at once: of headers that are set one by one Node.js makes an index first.
  const headers = ownHeaders.slice();
  for (let at = 0; at < others.length; at += 2)
    if (!hasName(ownHeaders, others[at]!.toLowerCase())) headers.push(others[at]!, others[at + 1]!);
  response.writeHead(status, headers);
}

/** Whether a header of a name, in lower case, is among headers whose names are. */
function hasName(headers: HeaderList, name: string): boolean {
  for (let at = 0; at < headers.length; at += 2) if (headers[at] === name) return true;
  return false;
}
