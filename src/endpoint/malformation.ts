import type { IncomingMessage } from "node:http";

import type { Refusal } from "./endpoint-error.ts";
import { valuesOf } from "./http/header-list.ts";

/** As Node.js has it, which raises `checkExpectation` for all others. */
const isUnderstood = /(?:^|\W)100-continue(?:$|\W)/i;

/** What the parser lets through and no upstream should have to make sense of, as a refusal; null for none of it. */
export function malformationOf({ headers, rawHeaders, httpVersion }: IncomingMessage): Refusal | null {
  const { "transfer-encoding": coding, expect: expectation } = headers;
  if (coding !== undefined && coding.toLowerCase() !== "chunked") return { code: 2005 };
  // What HTTP/1.0 knows nothing of is not asked of it (RFC 9110 7.2, 10.1.1).
  if (httpVersion === "1.1") {
    if (headers.host === undefined) return { code: 2001 };
    if (expectation !== undefined && !isUnderstood.test(expectation)) return { code: 2019 };
  }
  return valuesOf(rawHeaders, "host").length > 1 ? { code: 2001 } : null;
}
