import { isIP } from "node:net";

import { holdsAddress } from "../../address-list.ts";
import type { Call } from "../call.ts";
import type { Refusal } from "../endpoint-error.ts";

/**
 * Lets in the addresses of the allow list, if there is one, but for those of the block list. An empty allow
 * list admits nobody, and neither list an address that nobody knows.
 */
export function addressIsAllowed({ definition, clientAddress }: Call): Refusal | null {
  const { allowedAddresses, blockedAddresses } = definition;
  if (allowedAddresses && !holdsAddress(allowedAddresses, clientAddress)) return { code: 2008 };
  if (!blockedAddresses) return null;
  const isKnown = isIP(clientAddress) !== 0;
  return isKnown && !holdsAddress(blockedAddresses, clientAddress) ? null : { code: 2008 };
}
