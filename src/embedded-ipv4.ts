/** A range whose IPv6 addresses have an IPv4 address within: where, in their sixteen bytes. */
interface Embedding {
  readonly fits: (groups: readonly number[]) => boolean;
  /** The place of its first byte, or of each of the four. */
  readonly at: number | readonly number[];
  /** It is written with all bits turned over. */
  readonly inverted?: boolean;
}

const localNat64 = beginsWith(0x64, 0xff9b, 1);
const teredo = beginsWith(0x2001, 0);

/** Every range in which a host, a router or a tunnel takes an IPv6 address for an IPv4 one. */
const embeddings: readonly Embedding[] = [
  // Mapped, translated and compatible addresses.
  { fits: beginsWith(0, 0, 0, 0, 0, 0xffff), at: 12 },
  { fits: beginsWith(0, 0, 0, 0, 0xffff, 0), at: 12 },
  { fits: beginsWith(0, 0, 0, 0, 0, 0), at: 12 },
  // NAT64. The prefix of a local one has any of four lengths (RFC 8215; RFC 6052 2.2): nobody can tell which.
  { fits: beginsWith(0x64, 0xff9b, 0, 0, 0, 0), at: 12 },
  { fits: localNat64, at: [6, 7, 9, 10] },
  { fits: localNat64, at: [7, 9, 10, 11] },
  { fits: localNat64, at: 9 },
  { fits: localNat64, at: 12 },
  // 6to4, the server and the client of Teredo, ISATAP.
  { fits: beginsWith(0x2002), at: 2 },
  { fits: teredo, at: 4 },
  { fits: teredo, at: 12, inverted: true },
  { fits: (groups) => ((groups[4] ?? 0) & 0xfdff) === 0 && groups[5] === 0x5efe, at: 12 },
];

/** The IPv4 addresses that an IPv6 address, in any spelling, may lead to. Those in 0.0.0.0/8 lead nowhere. */
export function embeddedIpv4(address: string): string[] {
  const groups = groupsOf(address);
  const bytes = groups.flatMap((group) => [group >> 8, group & 0xff]);
  return embeddings
    .filter(({ fits }) => fits(groups))
    .map(({ at, inverted }) => {
      const places = typeof at === "number" ? [at, at + 1, at + 2, at + 3] : at;
      return places.map((place) => (bytes[place] ?? 0) ^ (inverted ? 0xff : 0));
    })
    .filter(([first]) => first !== 0)
    .map((parts) => parts.join("."));
}

function beginsWith(...start: readonly number[]): Embedding["fits"] {
  return (groups) => start.every((group, index) => groups[index] === group);
}

/** The eight groups of an IPv6 address. URLs have one spelling for each, without dots. */
function groupsOf(address: string): number[] {
  const { hostname } = new URL(`http://[${address}]`);
  const [head = [], tail = []] = hostname
    .slice(1, -1)
    .split("::")
    .map((part) => (part === "" ? [] : part.split(":").map((group) => Number.parseInt(group, 16))));
  return [...head, ...Array.from({ length: 8 - head.length - tail.length }, () => 0), ...tail];
}
