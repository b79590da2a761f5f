import type { Document } from "yaml";

import { readDocument } from "../parse/read-document.ts";
import { readYaml } from "../parse/read-yaml.ts";
import { type IndexedText, indexText, placeOfRange } from "../parse/text-position.ts";
import type { ParseOptions } from "../parsed-file.ts";
import type { ParsedDocument } from "../parsed-file.ts";
import type { Problem } from "../problem.ts";
import { chunksOf, type Range } from "./documents.ts";

/** A manifest file of the repository: its path, and its text with a byte order mark where it has one. */
export interface ManifestFile {
  readonly path: string;
  readonly text: string;
}

/** What editing must know besides the file. */
export interface EditOptions extends ParseOptions {
  /** The most bytes that a manifest may have. */
  readonly fileSize: number;
}

/** A file whose documents can be told apart. */
export interface OpenFile {
  readonly bom: string;
  /** The text without the byte order mark. */
  readonly source: IndexedText;
  readonly documents: readonly Document.Parsed[];
  /** What each of the documents says; null for an empty one. */
  readonly readings: readonly (ParsedDocument | null)[];
  /** The part of the text that each document is, with the comments around it. */
  readonly chunks: readonly Range[];
}

/** Opens a file, or says why its documents can't be told apart: a syntax error may hide where one ends. */
export function openFile({ path, text }: ManifestFile, options: EditOptions): OpenFile | readonly Problem[] {
  const bom = text.startsWith("\uFEFF") ? "\uFEFF" : "";
  const source = indexText(path, text.slice(bom.length));
  const bytes = Buffer.byteLength(text);
  if (bytes > options.fileSize)
    return [editProblem(source, [0, 0], "file-too-large", sizeMessage(bytes, options))];
  const stream = readYaml(source.text, { keepSourceTokens: true });
  if (!stream.documents) {
    const { start, end, code, message } = stream.fault;
    return [editProblem(source, [start, end], code, message)];
  }
  const readings: (ParsedDocument | null)[] = [];
  for (const yaml of stream.documents) {
    const { document, lostAt } = readDocument(source, yaml, { ...options, file: path });
    if (lostAt !== null) return document && document.status !== "good" ? document.problems : [];
    readings.push(document);
  }
  const chunks = chunksOf(source.text, stream.documents);
  return { bom, source, documents: stream.documents, readings, chunks };
}

/** Whether a file could be opened. */
export function isOpen(file: OpenFile | readonly Problem[]): file is OpenFile {
  return !Array.isArray(file);
}

/** A problem of an edit, at a range of the text. */
export function editProblem(
  source: IndexedText,
  [start, end]: readonly [number, number],
  code: string,
  message: string,
  path = "",
): Problem {
  return { ...placeOfRange(source, start, end), code, severity: "error", message, path };
}

function sizeMessage(bytes: number, { fileSize }: EditOptions): string {
  return `The file would have ${bytes} bytes, and ${fileSize} are allowed: split it, or raise limits.fileSize.`;
}
