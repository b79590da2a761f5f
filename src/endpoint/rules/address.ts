import { holdsAddress } from "../address-list.ts";
import type { Call } from "../call.ts";
import type { Refusal } from "../endpoint-error.ts";

/** Lets in the addresses of the allow list; an empty list admits nobody. */
export function addressIsAllowed({ definition, clientAddress }: Call): Refusal | null {
  if (!definition.addresses || holdsAddress(definition.addresses, clientAddress)) return null;
  return { code: 2008 };
}
