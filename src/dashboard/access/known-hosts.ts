import { isIP, isIPv6 } from "node:net";

import { addressList, holdsAddress } from "../../address-list.ts";

/** How clients may call a dashboard. */
export interface HostNames {
  /** The address that it listens on. */
  readonly host: string;
  /** Names and addresses besides, such as that of a proxy in front. Without a port. */
  readonly hosts: readonly string[];
}

const loopback = addressList(["127.0.0.0/8", "::1"]);
const allAddresses = new Set(["0.0.0.0", "::"]);

/**
 * Says whether a `Host` header is one of this dashboard. A page that has its own name lead here (DNS rebinding)
 * comes with that name. Addresses can't be led elsewhere: where it listens on all of them, each may be its own.
 */
export function knownHosts({ host, hosts }: HostNames): (header: string) => boolean {
  const names = new Set([host, ...hosts].map(hostName));
  const mayBeAnyAddress = allAddresses.has(host);
  return (header) => {
    const name = hostName(header);
    if (name === null) return false;
    const isAddress = isIP(name) !== 0;
    const isLoopback = isAddress ? holdsAddress(loopback, name) : /^(.+\.)?localhost$/.test(name);
    return isLoopback || names.has(name) || (isAddress && mayBeAnyAddress);
  };
}

/** The name or address in a `Host` header, as browsers write it: lower case, without port; null when there is none. */
export function hostName(header: string): string | null {
  const url = `http://${isIPv6(header) ? `[${header}]` : header}`;
  if (!/^[^/?#@\\\s]+$/.test(header) || !URL.canParse(url)) return null;
  return new URL(url).hostname.replace(/\.$/, "").replaceAll(/[[\]]/g, "");
}
