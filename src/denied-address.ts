import { lookup, type LookupAddress } from "node:dns";
import { BlockList, isIP, type LookupFunction } from "node:net";

/**
 * Addresses that no proxy and no webhook may reach: link-local ones and those where clouds hand out the machine's
 * credentials. Private networks and loopback are fine, since upstreams live there.
 */
const denied = new BlockList();
denied.addSubnet("169.254.0.0", 16, "ipv4");
denied.addSubnet("0.0.0.0", 8, "ipv4");
denied.addAddress("100.100.100.200", "ipv4");
denied.addSubnet("fe80::", 10, "ipv6");
denied.addAddress("::", "ipv6");
denied.addAddress("fd00:ec2::254", "ipv6");
// The same IPv4 range behind NAT64 and in the old compatible form.
denied.addSubnet("64:ff9b::a9fe:0", 112, "ipv6");
denied.addSubnet("::a9fe:0", 112, "ipv6");

/** What a connection to a denied address fails with. */
export const deniedCode = "GITWAY_TARGET_DENIED";

/** Whether a host is an address that may not be reached. Names are checked once they are resolved. */
export function isDeniedAddress(host: string): boolean {
  const version = isIP(host);
  return version !== 0 && denied.check(host, version === 4 ? "ipv4" : "ipv6");
}

type Resolve = (
  hostname: string,
  options: { all: true; family?: number; hints?: number },
  callback: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
) => void;

/**
 * A look-up for outgoing connections that fails when a name leads to a denied address, be it among good
 * ones. It is the look-up of the connection itself, so that no second answer can differ from the checked one.
 */
export function createGuardedLookup(resolve: Resolve = lookup): LookupFunction {
  return (hostname, options, callback) => {
    const family = options.family === "IPv4" ? 4 : options.family === "IPv6" ? 6 : (options.family ?? 0);
    resolve(hostname, { all: true, family, hints: options.hints ?? 0 }, (error, addresses) => {
      const failure = error ?? denialOf(hostname, addresses);
      const [first] = addresses ?? [];
      if (failure || !first) return callback(failure ?? new Error("no address"), []);
      return options.all ? callback(null, addresses) : callback(null, first.address, first.family);
    });
  };
}

function denialOf(hostname: string, addresses: readonly LookupAddress[]): NodeJS.ErrnoException | null {
  if (!addresses.some(({ address }) => isDeniedAddress(address))) return null;
  return Object.assign(new Error(`'${hostname}' leads to an address that may not be reached.`), {
    code: deniedCode,
  });
}
