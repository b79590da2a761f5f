import type { PathLists as PathListsSpec, PathRule } from "../../manifest/api-definition.generated.ts";
import { type Reply, prepareReply } from "../actions/reply-definition.ts";
import { canonicalSegment, placeholderName } from "./route-trie.ts";

/** What an entry does with a call: what its list does, or an answer of its own. */
type MethodAction = "none" | Reply;

interface PathEntry {
  readonly path: string;
  /** Null for a placeholder. */
  readonly segments: readonly (string | null)[];
  readonly ignoreCase: boolean;
  readonly exact: boolean;
  /** Null for every method. */
  readonly methods: ReadonlyMap<string, MethodAction> | null;
}

/** The lists of a definition or version, in the order in which they are asked. */
export interface PathLists {
  readonly ignored: readonly PathEntry[];
  readonly blocked: readonly PathEntry[];
  readonly allowed: readonly PathEntry[];
}

/** What the lists say of a call. `unlisted`: there are allowed paths, and this is none of them. */
export interface PathVerdict {
  readonly kind: "ignored" | "blocked" | "allowed" | "reply" | "unlisted" | "ambiguous" | "open";
  /** The path of the entry that decided, as written. */
  readonly entry: string | null;
  readonly reply: Reply | null;
}

/** Of a definition without lists. */
export const noPathLists: PathLists = { ignored: [], blocked: [], allowed: [] };

const order = ["ignored", "blocked", "allowed"] as const;

/** Makes lists ready for serving. Disabled entries are left out. */
export function preparePathLists(lists: PathListsSpec = {}): PathLists {
  const prepared = (rules: readonly PathRule[] = []) =>
    rules.filter((rule) => !rule.disabled).map(prepareEntry);
  return {
    ignored: prepared(lists.ignored),
    blocked: prepared(lists.blocked),
    allowed: prepared(lists.allowed),
  };
}

/**
 * What the lists say of a path below the route: the first entry that fits decides, ignored before
 * blocked before allowed (Gateway rules 3.2). What an upstream may read as another path (`a%2fb` as
 * `a/b`, `a;x` as `a`) must mean the same both ways.
 */
export function judgePath(lists: PathLists, below: readonly string[], method: string): PathVerdict {
  if (lists.ignored.length + lists.blocked.length + lists.allowed.length === 0) return open;
  const asSent = judge(
    lists,
    below.map((segment) => canonicalSegment(segment, false)),
    method,
  );
  if (!below.some((segment) => disguise.test(segment))) return asSent;
  const asRead = judge(lists, below.flatMap(readSegment), method);
  return asRead.kind === asSent.kind && asRead.entry === asSent.entry ? asSent : verdict("ambiguous");
}

const open = verdict("open");

const disguise = /%2f|%5c|%3b|;/i;

function readSegment(segment: string): string[] {
  return canonicalSegment(segment, false)
    .split(/[/\\]/)
    .map((part) => part.replace(/;.*$/, ""))
    .filter((part) => part !== "");
}

function judge(lists: PathLists, segments: readonly string[], method: string): PathVerdict {
  for (const list of order)
    for (const entry of lists[list]) {
      if (!fits(entry, segments)) continue;
      const action = entry.methods ? entry.methods.get(method) : "none";
      if (action === undefined) continue;
      return action === "none"
        ? verdict(list, entry.path)
        : { ...verdict("reply", entry.path), reply: action };
    }
  return verdict(lists.allowed.length > 0 ? "unlisted" : "open");
}

function verdict(kind: PathVerdict["kind"], entry: string | null = null): PathVerdict {
  return { kind, entry, reply: null };
}

/** Whole segments, and all below unless the match is exact. */
function fits({ segments, ignoreCase, exact }: PathEntry, path: readonly string[]): boolean {
  return (
    (exact ? segments.length === path.length : segments.length <= path.length) &&
    segments.every((segment, at) => {
      const other = path[at] ?? "";
      return segment === null || segment === (ignoreCase ? other.toLowerCase() : other);
    })
  );
}

function prepareEntry({ path, match, ignoreCase = false, methods }: PathRule): PathEntry {
  const segments = path
    .split("/")
    .filter((segment) => segment !== "")
    .map((segment) => (placeholderName(segment) === null ? canonicalSegment(segment, ignoreCase) : null));
  return {
    path,
    segments,
    ignoreCase,
    exact: match === "exact",
    methods: methods ? prepareMethods(methods) : null,
  };
}

function prepareMethods(methods: NonNullable<PathRule["methods"]>): ReadonlyMap<string, MethodAction> {
  return new Map(
    Object.entries(methods).map(([method, rule]) => [
      method,
      rule.action === "reply" ? prepareReply(rule) : "none",
    ]),
  );
}

/** Whether a call passes without a token: its path is ignored, or answered at once. */
export function passesWithoutToken({ kind }: PathVerdict): boolean {
  return kind === "ignored" || kind === "reply";
}
