import { isIP } from "node:net";

/** What an entry of an address list says. */
export type Address =
  | { readonly ok: true; readonly hostBits: boolean }
  | { readonly ok: false; readonly reason: string };

/** Checks an IPv4 or IPv6 address or a CIDR range. Host bits are legal in a range, but point to a slip. */
export function readAddress(text: string): Address {
  const [address = "", prefix, ...rest] = text.split("/");
  const version = address.includes("%") ? 0 : isIP(address);
  if (version === 0 || rest.length > 0)
    return {
      ok: false,
      reason: "is no IPv4 or IPv6 address or range: write one such as 10.0.0.7 or 10.0.0.0/8",
    };
  if (prefix === undefined) return { ok: true, hostBits: false };
  const widest = version === 4 ? 32 : 128;
  if (!/^(0|[1-9]\d{0,2})$/.test(prefix) || Number(prefix) > widest)
    return { ok: false, reason: `needs a prefix length between 0 and ${widest} after the slash` };
  return { ok: true, hostBits: hasHostBits(address, version === 4 ? "ipv4" : "ipv6", Number(prefix)) };
}

/** Whether an address lies beyond the first one of its range. */
function hasHostBits(address: string, family: "ipv4" | "ipv6", prefix: number): boolean {
  const bits = family === "ipv4" ? bitsOfIpv4(address) : bitsOfIpv6(address);
  return bits.slice(prefix).includes("1");
}

function bitsOfIpv4(address: string): string {
  return address
    .split(".")
    .map((part) => Number(part).toString(2).padStart(8, "0"))
    .join("");
}

function bitsOfIpv6(address: string): string {
  const dotted = /^(.*:)(\d+\.\d+\.\d+\.\d+)$/.exec(address);
  const tail = dotted ? bitsOfIpv4(dotted[2] ?? "") : "";
  const [head = "", rest] = (dotted?.[1] ?? address).split("::");
  const left = groups(head);
  const right = rest === undefined ? "" : groups(rest);
  return left + "0".repeat(Math.max(0, 128 - left.length - right.length - tail.length)) + right + tail;
}

function groups(text: string): string {
  return text
    .split(":")
    .filter((group) => group !== "")
    .map((group) => Number.parseInt(group, 16).toString(2).padStart(16, "0"))
    .join("");
}
