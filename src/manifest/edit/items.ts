import { type CST, isMap, isScalar, isSeq, type ParsedNode, type YAMLMap, type YAMLSeq } from "yaml";

import { columnOf, isCommentLine, isFirstInLine, lineStart, nextLine } from "./text.ts";

/** A field of a mapping or an item of a list, as it lies in the text. */
export interface Item {
  /** Where it begins: its dash, its key, or what marks the key. */
  readonly head: number;
  /** Where its content ends. */
  readonly tail: number;
  readonly value: ParsedNode | null;
  /** Where a value begins that is not there: after the colon, the dash, and an anchor. */
  readonly valueAt: number;
  /** Whether a colon or dash stands before the value. */
  readonly marked: boolean;
  /** The comma before it, in flow style. */
  readonly comma: number | null;
}

/** A mapping or list as it was parsed. */
export type Collection = YAMLMap.Parsed | YAMLSeq.Parsed;

/** The items of a collection, in the order of the text. Null for the rare forms that have no place of their own. */
export function itemsOf(collection: Collection): Item[] | null {
  const token = collection.srcToken;
  if (!token || !("items" in token)) return null;
  const values = collection.items.map((item) => (isMap(collection) ? pairValue(item) : (item as ParsedNode)));
  const keys = collection.items.map((item) => (isMap(collection) ? pairKey(item) : null));
  const isImplicitPair = (index: number) => isSeq(collection) && token.items[index]?.key !== undefined;
  if (values.length > token.items.length || values.some((_, index) => isImplicitPair(index))) return null;
  return values.map((value, index) => itemFrom(token.items[index] as CST.CollectionItem, value, keys[index]));
}

type PairItem = YAMLMap.Parsed["items"][number];

function pairValue(item: unknown): ParsedNode | null {
  return (item as PairItem).value;
}

function pairKey(item: unknown): ParsedNode {
  return (item as PairItem).key;
}

const trivia = new Set(["space", "newline", "comment", "comma"]);

function itemFrom(
  token: CST.CollectionItem,
  value: ParsedNode | null,
  key: ParsedNode | null | undefined,
): Item {
  const lead = token.start.filter(({ type }) => !trivia.has(type));
  const joints = (token.sep ?? []).filter(({ type }) => !trivia.has(type));
  const ends = [...lead, ...joints].map(({ offset, source }) => offset + source.length);
  const filled = value && !isEmptyNode(value) ? value : null;
  const valueAt = Math.max(...ends, key?.range[1] ?? -1, -1);
  return {
    head: lead[0]?.offset ?? key?.range[0] ?? filled?.range[0] ?? valueAt,
    tail: filled ? contentEnd(filled) : valueAt,
    value: filled,
    valueAt,
    marked: [...lead, ...joints].some(({ type }) => type === "map-value-ind" || type === "seq-item-ind"),
    comma: token.start.find(({ type }) => type === "comma")?.offset ?? null,
  };
}

/** Whether a node is a null that nobody wrote. */
function isEmptyNode(node: ParsedNode): boolean {
  return isScalar(node) && node.range[0] === node.range[1];
}

/** Where the content of a node ends, without the comments behind it. */
export function contentEnd(node: ParsedNode): number {
  const isBlock = (isMap(node) || isSeq(node)) && !node.flow;
  const last = isBlock ? itemsOf(node)?.at(-1) : undefined;
  return last?.tail ?? node.range[1];
}

/** The comma after the last item of a collection in flow style, if there is one. */
export function trailingComma(collection: Collection): number | null {
  const token = collection.srcToken;
  if (token?.type !== "flow-collection") return null;
  const beyond = token.items[collection.items.length];
  return beyond?.start.find(({ type }) => type === "comma")?.offset ?? null;
}

/** The lines of an item in block style. */
export interface Extent {
  /** With the comment lines right above it. */
  readonly start: number;
  /** The beginning of the next line, or the end of the text. */
  readonly end: number;
  /** It stands behind the dash of the list that its mapping is in. */
  readonly compact: boolean;
}

/** The lines that belong to an item in block style. `floor` is where what comes before it ends. */
export function extentOf(text: string, { head, tail }: Item, floor: number): Extent {
  const compact = !isFirstInLine(text, head);
  return {
    compact,
    start: compact ? head : ownCommentStart(text, head, floor),
    end: endOfLines(text, tail, columnOf(text, head)),
  };
}

/** Where the comment lines begin that stand right above an offset, at its column. */
export function ownCommentStart(text: string, head: number, floor: number): number {
  let start = lineStart(text, head);
  const column = head - start;
  while (start > floor) {
    const above = lineStart(text, start - 1);
    const line = text.slice(above, start);
    if (above < floor || !isCommentLine(line) || line.indexOf("#") !== column) break;
    start = above;
  }
  return start;
}

/**
 * The line after a content, and after the comments below it that are indented deeper than a column. Left
 * behind, they could become part of a block scalar before them.
 */
export function endOfLines(text: string, tail: number, column: number): number {
  let end = text[tail - 1] === "\n" ? tail : nextLine(text, tail);
  for (let at = end; at < text.length;) {
    const line = text.slice(at, nextLine(text, at));
    const isOwn = isCommentLine(line) && line.indexOf("#") > column;
    if (!isOwn && line.trim() !== "") break;
    at += line.length;
    if (isOwn) end = at;
  }
  return end;
}
