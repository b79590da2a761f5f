import { gitOutput, type GitSetting } from "./git.ts";

/** What a path of a commit is. Paths are given as arguments, so there is a most at once. */
export interface TreeEntry {
  readonly path: string;
  readonly mode: string;
  readonly id: string;
  /** Bytes; 0 for what is no file. */
  readonly size: number;
  /** Whether the path is proper UTF-8. If not, `path` shows it as well as can be. */
  readonly readable: boolean;
}

/** The modes of a tree that matter. Files are `100644`, `100755` and, in old trees, `100664`. */
export const treeModes = { folder: "040000", symlink: "120000", submodule: "160000" } as const;

/** Whether an entry is a regular file. */
export function isFile(entry: Pick<TreeEntry, "mode">): boolean {
  return entry.mode.startsWith("100");
}

/** A mirror to look into. */
export interface Repository {
  readonly setting: GitSetting;
  readonly path: string;
}

const pathsAtOnce = 500;
const bytesAtOnce = 64 * 1024;
const longestPath = 4096;

/** Whether git can be given the paths as arguments of one command. */
export function fitsArguments(paths: readonly string[]): boolean {
  const bytes = paths.reduce((sum, path) => sum + Buffer.byteLength(path) + 1, 0);
  return paths.length <= pathsAtOnce && bytes <= bytesAtOnce;
}

/**
 * The files, symlinks and submodules at or below the paths, read from the trees of a commit. Paths are
 * taken as they are, without patterns; none at all means everything.
 */
export async function listTree(
  repository: Repository,
  commit: string,
  paths: readonly string[] | null,
): Promise<TreeEntry[]> {
  return lookUp(repository, commit, paths, ["-r", "-l"]);
}

/** What the paths themselves are, folders too. */
export async function statTree(
  repository: Repository,
  commit: string,
  paths: readonly string[],
): Promise<TreeEntry[]> {
  // Asked for a folder and something in it at once, git leaves the folder out: one depth at a time.
  const byDepth = new Map<number, string[]>();
  for (const path of paths) {
    const depth = path.split("/").length;
    byDepth.set(depth, [...(byDepth.get(depth) ?? []), path]);
  }
  const found: TreeEntry[] = [];
  for (const some of byDepth.values()) found.push(...(await lookUp(repository, commit, some, ["-l"])));
  return found;
}

/** Parts of a buffer that end in NUL. */
export function splitAtNul(buffer: Buffer): Buffer[] {
  const parts: Buffer[] = [];
  for (let start = 0; start < buffer.length;) {
    const end = buffer.indexOf(0, start);
    parts.push(buffer.subarray(start, end < 0 ? buffer.length : end));
    start = end < 0 ? buffer.length : end + 1;
  }
  return parts;
}

async function lookUp(
  { setting, path: mirror }: Repository,
  commit: string,
  paths: readonly string[] | null,
  options: readonly string[],
): Promise<TreeEntry[]> {
  const found: TreeEntry[] = [];
  for (const some of paths === null ? [[]] : forArguments(paths)) {
    const args = ["--git-dir", mirror, "ls-tree", "-z", "--full-tree", ...options, commit, "--", ...some];
    const output = await gitOutput(setting, args, { cwd: mirror });
    for (const line of splitAtNul(output)) found.push(parseEntry(line));
  }
  return found;
}

/** Parts of a list of paths that fit the arguments of a command. */
function forArguments(paths: readonly string[]): string[][] {
  return chunks(paths, pathsAtOnce).flatMap((some) =>
    fitsArguments(some) ? [some] : chunks(some, Math.floor(bytesAtOnce / (longestPath + 1))),
  );
}

/** Parts of a list, each of at most so many. */
export function chunks<T>(list: readonly T[], size: number): T[][] {
  const parts: T[][] = [];
  for (let start = 0; start < list.length; start += size) parts.push(list.slice(start, start + size));
  return parts;
}

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** `100644 blob <id>      12\t<path>` */
function parseEntry(line: Buffer): TreeEntry {
  const tab = line.indexOf(0x09);
  const [mode = "", , id = "", size = ""] = line.subarray(0, tab).toString("latin1").split(/ +/);
  const name = line.subarray(tab + 1);
  const path = decode(name);
  return { mode, id, size: Number(size) || 0, path: path ?? name.toString(), readable: path !== null };
}

function decode(bytes: Buffer): string | null {
  try {
    return utf8.decode(bytes);
  } catch {
    return null;
  }
}
