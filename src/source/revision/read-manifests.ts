import type { Problem } from "../../manifest/problem.ts";
import type { ObjectReader } from "../git/object-reader.ts";
import { chunks, type TreeEntry } from "../git/tree.ts";
import type { ParsePool } from "../parse/parse-pool.ts";
import { filesAtOnce, parseTexts } from "../parse/parse-texts.ts";
import type { ParseOutcome, SourceText } from "../parse/parse-thread.ts";
import { fileProblem } from "../parse/source-problem.ts";
import { manifestText } from "./file-content.ts";

/** Reads and parses manifest files, each content only once. */
export interface ManifestReader {
  /** One outcome for each entry, in their order. */
  read(entries: readonly TreeEntry[]): Promise<readonly ParseOutcome[]>;
  /** What an entry came to when it was read; undefined for one that was not, or took too long. */
  readonly outcomeOf: (entry: TreeEntry) => ParseOutcome | undefined;
}

/** Remembers what entries came to for as long as somebody has them. */
export function createManifestReader(objects: ObjectReader, pool: ParsePool): ManifestReader {
  const known = new WeakMap<TreeEntry, ParseOutcome>();

  async function read(entries: readonly TreeEntry[]): Promise<readonly ParseOutcome[]> {
    const passing = new Map<TreeEntry, ParseOutcome>();
    const unknown = entries.filter((entry) => !known.has(entry));
    for (const some of chunks(unknown, filesAtOnce)) {
      const outcomes = (await parseSome(some)).values();
      for (const entry of some) {
        const outcome = outcomes.next().value as ParseOutcome;
        if (isLasting(outcome)) known.set(entry, outcome);
        else passing.set(entry, outcome);
      }
    }
    return entries.map((entry) => (known.get(entry) ?? passing.get(entry)) as ParseOutcome);
  }

  async function parseSome(entries: readonly TreeEntry[]): Promise<ParseOutcome[]> {
    return parseTexts(pool, await Promise.all(entries.map(readText)));
  }

  async function readText(entry: TreeEntry): Promise<SourceText | Problem> {
    const answer = await objects.read(entry.id);
    if (answer.status === "content") return manifestText(entry.path, answer.content);
    return fileProblem(
      entry.path,
      "unreadable",
      `The mirror of the source has no readable content for this file (object ${entry.id}).`,
    );
  }

  return { read, outcomeOf: (entry) => known.get(entry) };
}

/** A file that took too long may have been unlucky; the next read tries it again. */
function isLasting(outcome: ParseOutcome): boolean {
  return outcome.problem?.code !== "parse-timeout" && outcome.problem?.code !== "unreadable";
}
