import type { Identity } from "../../manifest/manifest.ts";
import type { FileEntry } from "../git/step.ts";
import type { ParseOutcome } from "../parse/parse-thread.ts";

/** Which files of a commit speak of an object, to be found without looking at them all. */
export interface DocumentIndex {
  /** The files with a document of that id. */
  withId(id: string): Iterable<string>;
  /** The files with a broken document of that kind and name. */
  withBrokenName(nameKey: string): Iterable<string>;
}

/** The manifest files of a commit. */
export interface FilesOfCommit {
  /** By path, links and what else is not read too. */
  readonly entries: ReadonlyMap<string, FileEntry>;
  /** What parsing a file came to; undefined for what was not parsed. */
  readonly outcomeAt: (path: string) => ParseOutcome | undefined;
  /** Which of them speak of an object. */
  readonly documents: () => DocumentIndex;
  /** Digests of files that manifests refer to; null where none can be used. */
  readonly digests: ReadonlyMap<string, string | null>;
}

/** An index that is kept from one commit to the next: a file is taken out as it was, and put in as it is. */
export function createDocumentIndex() {
  const byId = new Map<string, Set<string>>();
  const byBrokenName = new Map<string, Set<string>>();

  function add(path: string, outcome: ParseOutcome | undefined): void {
    for (const [map, key] of keysOf(outcome)) {
      const there = map.get(key);
      if (there) there.add(path);
      else map.set(key, new Set([path]));
    }
  }

  function remove(path: string, outcome: ParseOutcome | undefined): void {
    for (const [map, key] of keysOf(outcome)) {
      const there = map.get(key);
      there?.delete(path);
      if (there?.size === 0) map.delete(key);
    }
  }

  function keysOf(outcome: ParseOutcome | undefined) {
    return (outcome?.parsed?.documents ?? []).flatMap((document) => {
      if (document.status === "unidentified") return [];
      const own = [byId, document.id] as const;
      return document.status === "broken" ? [own, [byBrokenName, nameKey(document)] as const] : [own];
    });
  }

  const index: DocumentIndex = {
    withId: (id) => byId.get(id) ?? [],
    withBrokenName: (key) => byBrokenName.get(key) ?? [],
  };
  return { index, add, remove };
}

function nameKey({ kind, name }: Pick<Identity, "kind" | "name">): string {
  return `${kind} ${name}`;
}
