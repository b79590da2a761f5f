import type { Entry, Lines } from "./block.ts";
import { type Item, ownCommentStart } from "./items.ts";
import { columnOf, isFirstInLine, lineEnd, nextLine, type Splice } from "./text.ts";

/** A collection in flow style: its items, and the comma behind the last one. */
export interface FlowCollection {
  readonly items: readonly Item[];
  readonly trailingComma: number | null;
}

/**
 * The splices that leave, of a collection in brackets, the items that stay, and put new ones between
 * them. Commas, spaces and line breaks follow what is there. At least one item must stay.
 */
export function arrangeFlow(
  lines: Lines,
  collection: FlowCollection,
  entries: readonly Entry<string>[],
): Splice[] {
  const splices: Splice[] = [];
  let added: string[] = [];
  let last = -1;
  for (const entry of entries) {
    if ("add" in entry) added.push(entry.add);
    else {
      splices.push(...betweenKept(lines, collection.items, last, entry.keep, added));
      added = [];
      last = entry.keep;
    }
  }
  return [...splices, ...afterLast(lines, collection, last, added)];
}

/** What changes between an item that stays, or the opening bracket, and the next that stays. */
function betweenKept(
  lines: Lines,
  items: readonly Item[],
  last: number,
  next: number,
  added: readonly string[],
): Splice[] {
  const [head, first] = [items[next]?.head ?? 0, items[last + 1]?.head ?? 0];
  const text = added.map((item) => `${item}${separator(lines, head)}`).join("");
  if (next === last + 1) return text === "" ? [] : [{ start: head, end: head, text }];
  const removed = items.slice(last + 1, next);
  const whole = removed.map((item) => ownLines(lines.text, item));
  if (text === "" && isFirstInLine(lines.text, head) && whole.every((range) => range !== null))
    return whole.map((range) => ({ ...range, text: "" }));
  return [{ start: first, end: head, text }];
}

function afterLast(
  lines: Lines,
  { items, trailingComma }: FlowCollection,
  last: number,
  added: readonly string[],
): Splice[] {
  const [kept, first, end] = [items[last], items[last + 1], items.at(-1)];
  if (!kept || !end) return [];
  if (!first) return added.length === 0 ? [] : append(lines, kept, trailingComma, added);
  if (added.length > 0)
    return [{ start: first.head, end: end.tail, text: added.join(separator(lines, first.head)) }];
  const between = lines.text.slice(kept.tail, first.head);
  if (!between.includes("#")) return [{ start: kept.tail, end: end.tail, text: "" }];
  const comma = { start: first.comma ?? kept.tail, end: (first.comma ?? kept.tail) + 1, text: "" };
  const whole = items.slice(last + 1).map((item) => ownLines(lines.text, item));
  const removed = whole.every((range) => range !== null) ? whole : [{ start: first.head, end: end.tail }];
  const splices = removed.map((range) => ({ ...range, text: "" }));
  return trailingComma === null ? [comma, ...splices] : splices;
}

/** New items behind the last one: on lines of their own where that one has one. */
function append(lines: Lines, last: Item, trailingComma: number | null, added: readonly string[]): Splice[] {
  const { text, eol } = lines;
  const joined = added.join(separator(lines, last.head));
  const after = trailingComma === null ? last.tail : trailingComma + 1;
  const rest = text.slice(after, nextLine(text, after));
  if (!isFirstInLine(text, last.head) || !/^[ \t]*(?:#.*)?\r?\n$/.test(rest))
    return [{ start: last.tail, end: last.tail, text: `${separator(lines, last.head)}${joined}` }];
  const indent = " ".repeat(columnOf(text, last.head));
  const comma = trailingComma === null ? [{ start: last.tail, end: last.tail, text: "," }] : [];
  const end = lineEnd(text, after);
  const closing = trailingComma === null ? "" : ",";
  return [...comma, { start: end, end, text: `${eol}${indent}${joined}${closing}` }];
}

/** What stands between two new items: a line break where the old ones have lines of their own. */
function separator({ text, eol }: Lines, head: number): string {
  return isFirstInLine(text, head) ? `,${eol}${" ".repeat(columnOf(text, head))}` : ", ";
}

/** The lines of an item that shares them with nothing but its comma and comment. */
function ownLines(text: string, { head, tail }: Item): { start: number; end: number } | null {
  const end = nextLine(text, tail);
  const isAlone = isFirstInLine(text, head) && /^[ \t]*,?[ \t]*(?:#.*)?\r?\n$/.test(text.slice(tail, end));
  return isAlone ? { start: ownCommentStart(text, head, 0), end } : null;
}
