import type { Problem } from "../manifest/problem.ts";
import { manifestText } from "./file-content.ts";
import type { ObjectReader } from "./object-reader.ts";
import type { ParsePool } from "./parse-pool.ts";
import { filesAtOnce, parseTexts } from "./parse-texts.ts";
import type { ParseOutcome, SourceText } from "./parse-thread.ts";
import { fileProblem } from "./source-problem.ts";
import { chunks, type TreeEntry } from "./tree.ts";

/** Reads and parses manifest files, each content only once. */
export interface ManifestReader {
  /** One outcome for each entry, in their order. */
  read(entries: readonly TreeEntry[]): Promise<readonly ParseOutcome[]>;
}

/** Remembers what the files of the revision read last came to, by path and content. */
export function createManifestReader(objects: ObjectReader, pool: ParsePool): ManifestReader {
  let remembered: ReadonlyMap<string, ParseOutcome> = new Map();

  async function read(entries: readonly TreeEntry[]): Promise<readonly ParseOutcome[]> {
    const outcomes = new Map<string, ParseOutcome>();
    const unknown: TreeEntry[] = [];
    for (const entry of entries) {
      const outcome = remembered.get(keyOf(entry));
      if (outcome) outcomes.set(keyOf(entry), outcome);
      else unknown.push(entry);
    }
    for (const some of chunks(unknown, filesAtOnce))
      for (const [index, outcome] of (await parseSome(some)).entries())
        outcomes.set(keyOf(some[index] as TreeEntry), outcome);
    remembered = new Map([...outcomes].filter(([, outcome]) => isLasting(outcome)));
    return entries.map((entry) => outcomes.get(keyOf(entry)) as ParseOutcome);
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

  return { read };
}

function keyOf(entry: TreeEntry): string {
  return `${entry.id} ${entry.path}`;
}

/** A file that took too long may have been unlucky; the next read tries it again. */
function isLasting(outcome: ParseOutcome): boolean {
  return outcome.problem?.code !== "parse-timeout" && outcome.problem?.code !== "unreadable";
}
