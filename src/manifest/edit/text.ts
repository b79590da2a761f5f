/** A part of a text and what takes its place. Offsets count UTF-16 units; the end is exclusive. */
export interface Splice {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** Applies splices, in any order; insertions at one offset in theirs. Null when two of them overlap. */
export function applySplices(text: string, splices: readonly Splice[]): string | null {
  const parts: string[] = [];
  let at = 0;
  const ordered = [...splices].sort((a, b) => a.start - b.start || a.end - b.end);
  for (const { start, end, text: insert } of ordered) {
    if (start < at) return null;
    parts.push(text.slice(at, start), insert);
    at = end;
  }
  parts.push(text.slice(at));
  return parts.join("");
}

/** The line end that a text uses first; a line feed when it has none. */
export function lineEndOf(text: string): string {
  return /\r?\n/.exec(text)?.[0] ?? "\n";
}

/** Where the line of an offset begins. */
export function lineStart(text: string, offset: number): number {
  return offset === 0 ? 0 : text.lastIndexOf("\n", offset - 1) + 1;
}

/** Where the line after an offset begins; the end of the text when there is none. */
export function nextLine(text: string, offset: number): number {
  const end = text.indexOf("\n", offset);
  return end === -1 ? text.length : end + 1;
}

/** Where the line of an offset ends, without its line break. */
export function lineEnd(text: string, offset: number): number {
  const next = nextLine(text, offset);
  const end = text[next - 1] === "\n" ? next - 1 : next;
  return end > offset && text[end - 1] === "\r" ? end - 1 : end;
}

/** How many characters of its line stand before an offset. */
export function columnOf(text: string, offset: number): number {
  return offset - lineStart(text, offset);
}

/** Whether only spaces stand before an offset in its line. */
export function isFirstInLine(text: string, offset: number): boolean {
  return /^ *$/.test(text.slice(lineStart(text, offset), offset));
}

/** Whether a line holds nothing but a comment. */
export function isCommentLine(line: string): boolean {
  return /^[ \t]*#/.test(line);
}
