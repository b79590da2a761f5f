import type { Document } from "yaml";

import { isCommentLine } from "./text.ts";

/** A part of a text. Offsets count UTF-16 units; the end is exclusive. */
export interface Range {
  readonly start: number;
  readonly end: number;
}

/** The parts of a text that its documents are: together they are all of it, comments included. */
export function chunksOf(text: string, documents: readonly Document.Parsed[]): Range[] {
  const starts = documents.map((_, index) => (index === 0 ? 0 : (documents[index - 1]?.range[2] ?? 0)));
  return starts.map((start, index) => ({ start, end: starts[index + 1] ?? text.length }));
}

/** What to cut out of a text to delete one of its documents. There must be another that says something. */
export function cutOf(text: string, documents: readonly Document.Parsed[], index: number): Range {
  const { start, end } = chunksOf(text, documents)[index] ?? { start: 0, end: 0 };
  const document = documents[index];
  if (index > 0 || !document) return { start, end };
  if (document.directives.docStart) return { start: document.range[0], end };
  const marker = /^---[ \t]*\r?\n/.exec(text.slice(end));
  return { start: headerEnd(text, document.range[0]), end: end + (marker?.[0].length ?? 0) };
}

/** A new document behind the ones of a text. */
export function appendedDocument(text: string, eol: string, hasOthers: boolean, document: string): string {
  const open = text === "" || text.endsWith("\n") ? text : text + eol;
  return `${open}${hasOthers ? `---${eol}` : ""}${document}`;
}

/**
 * Where the comments end that are about the file rather than its first document: those before a blank
 * line, or that go on from the line for a language server.
 */
function headerEnd(text: string, first: number): number {
  const lines = text.slice(0, first).match(/[^\n]*\n/g) ?? [];
  const blank = lines.findLastIndex((line) => line.trim() === "");
  const count = blank === -1 && languageServerLine(text) !== null ? lines.length : blank + 1;
  return lines.slice(0, count).join("").length;
}

/** The first line of a file when it is the comment that tells an editor the schema. */
export function languageServerLine(text: string): string | null {
  const line = /^[^\r\n]*/.exec(text)?.[0] ?? "";
  return isCommentLine(line) && /yaml-language-server:/.test(line) ? line : null;
}
