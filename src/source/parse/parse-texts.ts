import type { Problem } from "../../manifest/problem.ts";
import type { ParsePool } from "./parse-pool.ts";
import type { ParseOutcome, SourceText } from "./parse-thread.ts";

/** Files that are in memory at once, each of at most the file size. */
export const filesAtOnce = 128;

/** Parses the files that could be read; the others keep their problem. In their order. */
export async function parseTexts(
  pool: ParsePool,
  texts: readonly (SourceText | Problem)[],
): Promise<ParseOutcome[]> {
  const parsed = await pool.parse(texts.filter((text) => "text" in text));
  let next = 0;
  return texts.map((text) => ("text" in text ? (parsed[next++] as ParseOutcome) : { problem: text }));
}
