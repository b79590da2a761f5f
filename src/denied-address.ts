import { isIP } from "node:net";

import { addressList, holdsAddress } from "./address-list.ts";
import { embeddedIpv4 } from "./embedded-ipv4.ts";

/** Which addresses proxies and webhooks may reach, besides what is so by default: addresses and CIDR ranges. */
export interface TargetLists {
  /** Those that may be reached although they are denied, by default or by the other list. */
  readonly allow: readonly string[];
  readonly deny: readonly string[];
}

/**
 * What no proxy and no webhook may reach unless it is allowed: link-local addresses, and those where clouds
 * hand out the machine's credentials. Private networks and loopback are fine, since upstreams live there.
 */
const deniedByDefault = [
  "0.0.0.0/8",
  "169.254.0.0/16",
  "100.100.100.200",
  "168.63.129.16",
  "192.0.0.192",
  "::",
  "fe80::/10",
  "fd00:ec2::23",
  "fd00:ec2::254",
  "fd00:42::42",
  "fd20:ce::254",
];

/** Whether a host is an address that may not be reached. A name is none: it is judged once it is resolved. */
export type DeniedAddresses = (host: string) => boolean;

/** The judgement by these lists. An IPv6 address is denied also for the IPv4 address that it leads to. */
export function deniedAddresses({ allow, deny }: TargetLists = { allow: [], deny: [] }): DeniedAddresses {
  const allowed = addressList(allow);
  const denied = addressList([...deniedByDefault, ...deny]);
  const isDenied: DeniedAddresses = (host) => {
    const address = host.replace(/%.*$/, "");
    const version = isIP(address);
    if (version === 0 || holdsAddress(allowed, address)) return false;
    return holdsAddress(denied, address) || (version === 6 && embeddedIpv4(address).some(isDenied));
  };
  return isDenied;
}
