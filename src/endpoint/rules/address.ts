import { isIP } from "node:net";

import type { Call } from "../call.ts";
import type { Refusal } from "../endpoint-error.ts";

/** Lets in the addresses of the allow list; an empty list admits nobody. */
export function addressIsAllowed({ definition, clientAddress }: Call): Refusal | null {
  if (!definition.addresses) return null;
  const version = isIP(clientAddress);
  const allowed = version !== 0 && definition.addresses.check(clientAddress, version === 4 ? "ipv4" : "ipv6");
  return allowed ? null : { code: 2008 };
}
