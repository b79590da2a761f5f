import { lookup, type LookupAddress } from "node:dns";
import type { LookupFunction } from "node:net";

import { type DeniedAddresses, deniedAddresses, type TargetLists } from "./denied-address.ts";

/** What a connection to a denied address fails with. */
export const deniedCode = "GITWAY_TARGET_DENIED";

/** Keeps outgoing connections from addresses that may not be reached. */
export interface TargetGuard {
  /** For targets that are addresses: those are not looked up. */
  readonly isDenied: DeniedAddresses;
  /**
   * A look-up that fails when a name leads to a denied address, be it among good ones. It has to be the
   * look-up of the connection itself, so that no second answer can differ from the checked one.
   */
  readonly lookup: LookupFunction;
}

type Resolve = (
  hostname: string,
  options: { all: true; family?: number; hints?: number },
  callback: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
) => void;

/** The guard with these lists. */
export function createTargetGuard(lists?: TargetLists, resolve: Resolve = lookup): TargetGuard {
  const isDenied = deniedAddresses(lists);
  return {
    isDenied,
    lookup(hostname, options, callback) {
      const family = options.family === "IPv4" ? 4 : options.family === "IPv6" ? 6 : (options.family ?? 0);
      resolve(hostname, { all: true, family, hints: options.hints ?? 0 }, (error, addresses) => {
        const failure =
          error ?? (addresses.some(({ address }) => isDenied(address)) ? denial(hostname) : null);
        const [first] = addresses ?? [];
        if (failure || !first) return callback(failure ?? new Error("no address"), []);
        return options.all ? callback(null, addresses) : callback(null, first.address, first.family);
      });
    },
  };
}

function denial(hostname: string): NodeJS.ErrnoException {
  return Object.assign(new Error(`'${hostname}' leads to an address that may not be reached.`), {
    code: deniedCode,
  });
}
