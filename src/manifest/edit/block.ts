import { type Extent, extentOf, type Item } from "./items.ts";
import { columnOf, type Splice } from "./text.ts";

/** What is to be in a collection: an item that stays, or a new one as its text. In their order. */
export type Entry<Text> = { readonly keep: number } | { readonly add: Text };

/** A text, and the line end that it uses. */
export interface Lines {
  readonly text: string;
  readonly eol: string;
}

/**
 * The splices that leave, of a collection in block style, the items that stay, and put new ones between
 * them: whole lines, with the comments of those that go. At least one item must stay. `floor` is where
 * what comes before the collection ends.
 */
export function arrangeBlock(
  { text, eol }: Lines,
  items: readonly Item[],
  entries: readonly Entry<readonly string[]>[],
  floor: number,
): Splice[] {
  const extents = items.map((item, index) => extentOf(text, item, items[index - 1]?.tail ?? floor));
  const kept = new Set(entries.flatMap((entry) => ("keep" in entry ? [entry.keep] : [])));
  const first = Math.min(...kept);
  const splices: Splice[] = [];
  const [head, top] = [items[0], extents[0]];
  if (!head || !top) return [];

  const startsCompact = top.compact && first > 0;
  for (const [index, { start, end }] of extents.entries()) {
    const isCovered = startsCompact && index < first;
    if (!kept.has(index) && !isCovered) splices.push({ start, end, text: "" });
  }
  const leading = entries.slice(
    0,
    entries.findIndex((entry) => "keep" in entry),
  );
  const before = leading.flatMap(addedLines);
  const spaces = " ".repeat(columnOf(text, head.head));
  // What stands behind a dash is followed there by the first of what is left.
  const behindDash = before.length === 0 ? "" : `${before.join(eol).trimStart()}${eol}${spaces}`;
  if (startsCompact)
    splices.push({ start: top.start, end: firstWord(text, extents[first]), text: behindDash });
  else if (top.compact) splices.push({ start: top.start, end: top.start, text: behindDash });
  else if (before.length > 0) splices.push(insertion(text, extents[first]?.start ?? 0, before, eol));

  let at = 0;
  for (const entry of entries.slice(leading.length)) {
    if ("keep" in entry) at = extents[entry.keep]?.end ?? at;
    else splices.push(insertion(text, at, entry.add, eol));
  }
  return splices;
}

function addedLines(entry: Entry<readonly string[]>): readonly string[] {
  return "add" in entry ? entry.add : [];
}

function firstWord(text: string, extent: Extent | undefined): number {
  const start = extent?.start ?? 0;
  return start + (/^ */.exec(text.slice(start))?.[0].length ?? 0);
}

/** Whole lines at the beginning of a line, or behind the last one when that has no line end. */
export function insertion(text: string, at: number, lines: readonly string[], eol: string): Splice {
  const isOpen = at > 0 && text[at - 1] !== "\n";
  const joined = lines.join(eol);
  return { start: at, end: at, text: isOpen ? eol + joined : joined + eol };
}
