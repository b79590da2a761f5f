import { BlockList, isIP } from "node:net";

/** Addresses and ranges of addresses. An entry that can't be read stands for nobody. */
export function addressList(entries: readonly string[]): BlockList {
  const addresses = new BlockList();
  for (const entry of entries) addAddress(addresses, entry.trim());
  return addresses;
}

/** Whether a list holds an address. What is no address is in no list. */
export function holdsAddress(list: BlockList, address: string): boolean {
  const version = isIP(address);
  return version !== 0 && list.check(address, version === 4 ? "ipv4" : "ipv6");
}

function addAddress(addresses: BlockList, entry: string): void {
  const [address = "", bits, more] = entry.split("/");
  const version = isIP(address);
  if (version === 0 || more !== undefined) return;
  const family = version === 4 ? "ipv4" : "ipv6";
  if (bits === undefined) return addresses.addAddress(address, family);
  const prefix = Number(bits);
  if (!/^\d{1,3}$/.test(bits) || prefix > (version === 4 ? 32 : 128)) return;
  addresses.addSubnet(address, prefix, family);
}
