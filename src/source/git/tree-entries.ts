/** One entry of a tree object, by where it lies in it: `<mode> <name>\0<id>`. */
export interface RawEntry {
  readonly tree: Buffer;
  readonly start: number;
  readonly nameStart: number;
  readonly nameEnd: number;
  readonly end: number;
}

const space = 0x20;
const slash = 0x2f;

/** The entry that begins at an offset; null at the end. `idBytes` is 20 or 32. */
export function entryAt(tree: Buffer, start: number, idBytes: number): RawEntry | null {
  if (start >= tree.length) return null;
  const nameStart = tree.indexOf(space, start) + 1;
  const nameEnd = tree.indexOf(0, nameStart);
  const end = nameEnd + 1 + idBytes;
  if (nameStart === 0 || nameEnd < 0 || end > tree.length) throw new Error("A tree object is damaged");
  return { tree, start, nameStart, nameEnd, end };
}

/** Whether two trees have the same bytes from where an entry of one and an offset of the other lie. */
export function isSameEntry({ tree, start, end }: RawEntry, other: Buffer, offset: number): boolean {
  const last = offset + end - start;
  return last <= other.length && tree.compare(other, offset, last, start, end) === 0;
}

/** The order of entries in a tree: by bytes, a folder as if a slash followed its name. */
export function compareEntries(a: RawEntry, b: RawEntry): number {
  const length = Math.min(a.nameEnd - a.nameStart, b.nameEnd - b.nameStart);
  const order = a.tree.compare(b.tree, b.nameStart, b.nameStart + length, a.nameStart, a.nameStart + length);
  return order !== 0 ? order : byteAfter(a, length) - byteAfter(b, length);
}

function byteAfter(entry: RawEntry, length: number): number {
  const at = entry.nameStart + length;
  if (at < entry.nameEnd) return entry.tree[at] ?? 0;
  return isFolderEntry(entry) ? slash : 0;
}

/** Whether an entry is another tree. */
export function isFolderEntry({ tree, start, nameStart }: RawEntry): boolean {
  return nameStart - start === 6 && tree[start] === 0x34;
}

/** The bytes of the name, one in each character. */
export function nameOf({ tree, nameStart, nameEnd }: RawEntry): string {
  return tree.toString("latin1", nameStart, nameEnd);
}

/** The object id, hex. */
export function idOf({ tree, nameEnd, end }: RawEntry): string {
  return tree.toString("hex", nameEnd + 1, end);
}

/** The mode as git shows it: of files, only whether they can be executed counts. */
export function modeOf({ tree, start, nameStart }: RawEntry): string {
  const mode = tree.toString("latin1", start, nameStart - 1);
  if (!mode.startsWith("100")) return mode.padStart(6, "0");
  return (Number.parseInt(mode, 8) & 0o100) === 0 ? "100644" : "100755";
}
