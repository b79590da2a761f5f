import type { Place } from "../problem.ts";

/** A text with an index of its lines, to turn offsets into places. */
export interface IndexedText {
  readonly file: string;
  readonly text: string;
  readonly lineStarts: readonly number[];
}

/** Indexes the lines of a text. */
export function indexText(file: string, text: string): IndexedText {
  const lineStarts = [0];
  for (let at = text.indexOf("\n"); at !== -1; at = text.indexOf("\n", at + 1)) lineStarts.push(at + 1);
  return { file, text, lineStarts };
}

/**
 * The place of a range of offsets, the end exclusive. White space at its end doesn't belong to it; what
 * is empty then is one column wide.
 */
export function placeOfRange(source: IndexedText, start: number, end: number): Place {
  const from = Math.max(0, Math.min(start, source.text.length));
  let to = Math.max(from, Math.min(end, source.text.length));
  while (to > from && isSpace(source.text.charCodeAt(to - 1))) to--;
  const first = positionOf(source, from);
  const last = to > from ? positionOf(source, to) : { line: first.line, column: first.column + 1 };
  return {
    file: source.file,
    line: first.line,
    column: first.column,
    endLine: last.line,
    endColumn: last.column,
  };
}

function isSpace(code: number): boolean {
  return code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09;
}

function positionOf(source: IndexedText, offset: number): { line: number; column: number } {
  let low = 0;
  let high = source.lineStarts.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((source.lineStarts[middle] ?? 0) <= offset) low = middle;
    else high = middle - 1;
  }
  return { line: low + 1, column: offset - (source.lineStarts[low] ?? 0) + 1 };
}
