import { BlockList, isIP } from "node:net";

/** Addresses and ranges of addresses. An entry that can't be read stands for nobody. */
export function addressList(entries: readonly string[]): BlockList {
  const addresses = new BlockList();
  for (const entry of entries) addEntry(addresses, entry.trim());
  return addresses;
}

/** Whether a list holds an address. What is no address is in no list. */
export function holdsAddress(list: BlockList, address: string): boolean {
  const version = isIP(address);
  return version !== 0 && list.check(address, version === 4 ? "ipv4" : "ipv6");
}

/** Whether an entry of a list is an address or a range. */
export function isAddressEntry(entry: string): boolean {
  return addEntry(new BlockList(), entry);
}

function addEntry(addresses: BlockList, entry: string): boolean {
  const [address = "", bits, more] = entry.split("/");
  const version = address.includes("%") ? 0 : isIP(address);
  if (version === 0 || more !== undefined) return false;
  const family = version === 4 ? "ipv4" : "ipv6";
  const prefix = Number(bits ?? 0);
  if (bits !== undefined && (!/^\d{1,3}$/.test(bits) || prefix > (version === 4 ? 32 : 128))) return false;
  if (bits === undefined) addresses.addAddress(address, family);
  else addresses.addSubnet(address, prefix, family);
  return true;
}
