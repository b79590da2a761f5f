import { isAlias, isMap, isScalar, isSeq, type ParsedNode } from "yaml";

import { insertion, type Lines } from "./block.ts";
import { contentEnd, endOfLines, itemsOf } from "./items.ts";
import { blockValue, flowValue, type Layout } from "./render.ts";
import { columnOf, isFirstInLine, lineEnd, lineStart, nextLine, type Splice } from "./text.ts";

/** Where a value stands. */
export interface Slot {
  /** What it is in. */
  readonly owner: "map" | "list";
  /** Whether that is in flow style; then everything in it is. */
  readonly flow: boolean;
  /** Whether it is written as in JSON. */
  readonly quoted?: boolean;
  /** The column of the mapping or list. */
  readonly column: number;
  /** Where a value begins that is not there: after the colon, the dash, and an anchor. */
  readonly valueAt: number;
  /** Whether a colon or dash stands before it. */
  readonly marked: boolean;
}

/** A value that is replaced as a whole. The node is null for a value that nobody wrote. */
export interface Replacement {
  readonly slot: Slot;
  readonly node: ParsedNode | null;
  readonly before: unknown;
  readonly after: unknown;
}

/** Replaces a value within brackets. */
export function replaceInFlow(_lines: Lines, _layout: Layout, change: Replacement): Splice[] {
  const { slot, node, after } = change;
  const text = flowValue(after, slot.quoted, styleOf(node));
  if (node) return [{ start: node.range[0], end: node.range[1], text }];
  return [{ start: slot.valueAt, end: slot.valueAt, text: `${slot.marked ? " " : ": "}${text}` }];
}

/**
 * Replaces a value in block style. What stands on the line of its key or dash and what stands below are
 * replaced apart, so that a comment between them stays.
 */
export function replaceInBlock(lines: Lines, layout: Layout, change: Replacement): Splice[] {
  const { text, eol } = lines;
  const { slot, node, before, after } = change;
  const old = partsOf(text, change);
  const wanted = blockValue(after, {
    owner: slot.owner,
    column: slot.column,
    inlineColumn: old.inline.start < old.inline.end ? columnOf(text, old.inline.start) : slot.column + 2,
    layout,
    style: styleOf(node),
    was: before,
    wasFlow: (isMap(node) || isSeq(node)) && (node.flow ?? false),
    textColumn: old.textColumn,
  });
  const splices = [inlineSplice(old.inline, slot.valueAt, wanted.first)];
  if (old.below) {
    const joined = wanted.rest.map((line) => line + eol).join("");
    splices.push({ ...old.below, text: joined });
  } else if (wanted.rest.length > 0) {
    const start = nextLine(text, lineEnd(text, old.inline.end));
    splices.push(insertion(text, start, wanted.rest, eol));
  }
  return splices;
}

interface Range {
  readonly start: number;
  readonly end: number;
}

interface Parts {
  /** On the line of the key or dash; empty when nothing is there. */
  readonly inline: Range;
  /** Whole lines below it. */
  readonly below: Range | null;
  /** The column of the lines of a block scalar. */
  readonly textColumn?: number | undefined;
}

function partsOf(text: string, { slot, node }: Replacement): Parts {
  const none = { start: slot.valueAt, end: slot.valueAt };
  if (!node) return { inline: none, below: null };
  const [start, end] = [node.range[0], contentEnd(node)];
  const token = isScalar(node) ? node.srcToken : undefined;
  if (token?.type === "block-scalar") {
    const header = token.props.find(({ type }) => type === "block-scalar-header");
    const inline = { start, end: start + (header && "source" in header ? header.source.length : 1) };
    const below = { start: nextLine(text, start), end };
    return { inline, below, textColumn: textColumn(text.slice(below.start, end), slot.column) };
  }
  const isBlock = (isMap(node) || isSeq(node)) && !node.flow;
  if (!isBlock) return { inline: { start, end }, below: null };
  const head = itemsOf(node)?.[0]?.head ?? start;
  const last = endOfLines(text, end, slot.column);
  if (isFirstInLine(text, head))
    return { inline: none, below: { start: nextLine(text, slot.valueAt), end: last } };
  const inlineEnd = text[last - 1] === "\n" ? lineEnd(text, lineStart(text, last - 1)) : last;
  return { inline: { start: head, end: inlineEnd }, below: null };
}

/** The column at which the lines of a block scalar begin, where that is deep enough. */
function textColumn(body: string, column: number): number | undefined {
  const found = /^( *)[^ \r\n]/m.exec(body)?.[1]?.length;
  return found !== undefined && found > column ? found : undefined;
}

function inlineSplice({ start, end }: Range, valueAt: number, first: string): Splice {
  if (start === end) return { start, end, text: first && ` ${first}` };
  return first === "" ? { start: valueAt, end, text: "" } : { start, end, text: first };
}

function styleOf(node: ParsedNode | null) {
  return node && !isAlias(node) && isScalar(node) ? node.type : undefined;
}
