import { AppError } from "../../errors.ts";
import { createCache } from "../cache.ts";
import type { ObjectReader } from "./object-reader.ts";
import type { FileEntry, PathChange, Step } from "./step.ts";
import {
  compareEntries,
  entryAt,
  idOf,
  isFolderEntry,
  isSameEntry,
  modeOf,
  nameOf,
  type RawEntry,
} from "./tree-entries.ts";
import { treeModes } from "./tree.ts";

/** Compares trees of a mirror object by object: what two of them have in common is not looked at. */
export interface TreeReader {
  /** What differs below two trees. */
  diff(newer: string, older: string): Promise<Step>;
  /** What is at a path, with the same entry for the top; null when nothing is. */
  find(tree: string, path: string): Promise<FileEntry | null>;
  /** What is in a folder itself, in the order of git; nothing where there is none. Names that are no UTF-8 are left out. */
  list(tree: string, folder: string): Promise<readonly NamedEntry[]>;
}

/** An entry of a folder, by its name there. */
export interface NamedEntry extends FileEntry {
  readonly name: string;
}

/** Bytes of tree objects that are remembered. */
const rememberedBytes = 16 * 1024 * 1024;

/** Reads and remembers trees. One that is missing or very large is an error: what was fetched has its trees. */
export function createTreeReader(objects: ObjectReader): TreeReader {
  const known = createCache<Buffer>(rememberedBytes, (content) => content.length + 100);

  async function read(id: string | null): Promise<Buffer> {
    if (id === null) return nothing;
    const found = known.get(id);
    if (found) return found;
    const answer = await objects.read(id);
    if (answer.status !== "content" || answer.type !== "tree")
      throw new AppError(
        "git-failed",
        `The mirror of the source has no readable folder ${id}. It is only a copy: delete it and start again.`,
      );
    known.set(id, answer.content);
    return answer.content;
  }

  async function diff(newer: string, older: string): Promise<Step> {
    const step = new Map<string, PathChange>();
    if (newer !== older) await compare("", newer, older, step);
    return step;
  }

  async function compare(
    folder: string,
    newer: string | null,
    older: string | null,
    step: Map<string, PathChange>,
  ): Promise<void> {
    const [now, then] = await Promise.all([read(newer), read(older)]);
    const below: Promise<void>[] = [];
    for (const [here, there] of differing(now, then, (newer ?? older ?? "").length / 2)) {
      const path = `${folder}${nameOf(here ?? (there as RawEntry))}`;
      if (isFolderEntry(here ?? (there as RawEntry)))
        below.push(compare(`${path}/`, here && idOf(here), there && idOf(there), step));
      else step.set(decode(path), { newer: here && fileEntry(here), older: there && fileEntry(there) });
    }
    await Promise.all(below);
  }

  async function find(tree: string, path: string): Promise<FileEntry | null> {
    let entry: FileEntry | null = { mode: treeModes.folder, id: tree };
    for (const part of path.split("/")) {
      if (entry?.mode !== treeModes.folder) return null;
      entry = findEntry(await read(entry.id), Buffer.from(part).toString("latin1"), tree.length / 2);
    }
    return entry;
  }

  async function list(tree: string, folder: string): Promise<readonly NamedEntry[]> {
    const found = await find(tree, folder);
    if (found?.mode !== treeModes.folder) return [];
    return entriesOf(await read(found.id), tree.length / 2).flatMap((entry) => {
      const name = decode(nameOf(entry));
      return name.includes("\uFFFD") ? [] : { name, ...fileEntry(entry) };
    });
  }

  return { diff, find, list };
}

const nothing = Buffer.alloc(0);

/** Entries that are not the same in two trees, side by side. A file and a folder of one name are two. */
function differing(
  now: Buffer,
  then: Buffer,
  idBytes: number,
): (readonly [RawEntry | null, RawEntry | null])[] {
  const pairs: (readonly [RawEntry | null, RawEntry | null])[] = [];
  let here = entryAt(now, 0, idBytes);
  let offset = 0;
  while (here || offset < then.length) {
    if (here && isSameEntry(here, then, offset)) {
      offset += here.end - here.start;
      here = entryAt(now, here.end, idBytes);
      continue;
    }
    const there = entryAt(then, offset, idBytes);
    const order = here && there ? compareEntries(here, there) : here ? -1 : 1;
    pairs.push([order <= 0 ? here : null, order >= 0 ? there : null]);
    if (order >= 0 && there) offset = there.end;
    if (order <= 0 && here) here = entryAt(now, here.end, idBytes);
  }
  return pairs;
}

function findEntry(tree: Buffer, name: string, idBytes: number): FileEntry | null {
  for (let entry = entryAt(tree, 0, idBytes); entry; entry = entryAt(tree, entry.end, idBytes))
    if (nameOf(entry) === name) return fileEntry(entry);
  return null;
}

function entriesOf(tree: Buffer, idBytes: number): RawEntry[] {
  const entries: RawEntry[] = [];
  for (let entry = entryAt(tree, 0, idBytes); entry; entry = entryAt(tree, entry.end, idBytes))
    entries.push(entry);
  return entries;
}

function fileEntry(entry: RawEntry): FileEntry {
  return { mode: modeOf(entry), id: idOf(entry) };
}

function decode(bytes: string): string {
  return Buffer.from(bytes, "latin1").toString();
}
