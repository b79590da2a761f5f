import type { Person } from "../../plan/plan.ts";

/** What a commit object says. */
export interface CommitObject {
  readonly tree: string;
  /** Also those that a shallow mirror does not have. */
  readonly parents: readonly string[];
  /** Null where it takes git to say how it is to be read: another encoding, a line of an odd form. */
  readonly author: Person | null;
  readonly committer: Person | null;
  /** When the author made it: seconds; null as above. */
  readonly authoredAt: number | null;
  /** When it was committed: seconds; null as above. */
  readonly date: number | null;
  readonly message: Buffer;
}

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Takes a commit object apart. Null for what is none. */
export function parseCommit(content: Buffer): CommitObject | null {
  const end = content.indexOf("\n\n");
  const header = decode(content.subarray(0, end < 0 ? content.length : end));
  const lines = (header ?? content.toString("latin1", 0, end < 0 ? content.length : end)).split("\n");
  const [tree] = valuesOf(lines, "tree");
  if (tree === undefined) return null;
  const isPlain = header !== null && valuesOf(lines, "encoding").length === 0;
  const [author, committer] = ["author", "committer"].map((role) =>
    isPlain ? parseSignature(valuesOf(lines, role)) : null,
  );
  return {
    tree,
    parents: valuesOf(lines, "parent"),
    author: author?.person ?? null,
    committer: committer?.person ?? null,
    authoredAt: author?.date ?? null,
    date: committer?.date ?? null,
    message: end < 0 ? content.subarray(content.length) : content.subarray(end + 2),
  };
}

function valuesOf(lines: readonly string[], field: string): string[] {
  return lines.flatMap((line) => (line.startsWith(`${field} `) ? [line.slice(field.length + 1)] : []));
}

const signature =
  /^(?<name>[^<>\s\p{Cc}](?:[^<>\p{Cc}]*[^<>\s\p{Cc}])?) <(?<email>[^<>\s\p{Cc}]*)> (?<date>\d{1,12}) [+-]\d{4}$/u;

/** Only what cannot be read in two ways: `Name <address> seconds zone`, once. */
function parseSignature([line, another]: readonly string[]): { person: Person; date: number } | null {
  const { name, email, date } = (another === undefined ? signature.exec(line ?? "")?.groups : null) ?? {};
  if (name === undefined || email === undefined) return null;
  return { person: { name, email }, date: Number(date) };
}

function decode(bytes: Buffer): string | null {
  try {
    return utf8.decode(bytes);
  } catch {
    return null;
  }
}
