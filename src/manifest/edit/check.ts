import { canonicalJson } from "../canonical.ts";
import { deriveId } from "../identity.ts";
import type { ParsedDocument } from "../parsed-file.ts";
import type { Problem } from "../problem.ts";
import { fullDocument, type WantedObject } from "../written-form.ts";
import {
  type EditOptions,
  editProblem,
  isOpen,
  type ManifestFile,
  openFile,
  type OpenFile,
} from "./edit-file.ts";

/** What became of an edit. */
export type EditResult =
  /** The text of the file after it; null when the file is to be deleted. */
  | { readonly status: "edited"; readonly text: string | null }
  /** This file does not let itself be edited so, and why. */
  | { readonly status: "refused"; readonly problems: readonly Problem[] }
  /** The wanted object is wrong. The places are those of the text that would have been written. */
  | { readonly status: "invalid"; readonly problems: readonly Problem[] };

/** What must hold after an edit. */
export interface Expectation {
  /** What the text must begin and end with, byte for byte. */
  readonly head: string;
  readonly tail: string;
  /** What each document must go on saying; null for the one that says another object now. */
  readonly documents: readonly (ParsedDocument | null)[];
  readonly object: WantedObject | null;
}

/** Reads a new text and gives it only if it says what it should, and nothing else has changed. */
export function checkEdit(
  before: OpenFile,
  file: ManifestFile,
  options: EditOptions,
  expected: Expectation,
): EditResult {
  const after = openFile(file, options);
  if (!isOpen(after)) {
    const isTooMuch = after.some(({ code }) => code === "file-too-large" || code === "yaml-limit");
    return isTooMuch ? { status: "invalid", problems: after } : refused(before);
  }
  const { text } = after.source;
  const readings = after.readings.filter((reading) => reading !== null);
  const isWhole =
    text.length >= expected.head.length + expected.tail.length &&
    text.startsWith(expected.head) &&
    text.endsWith(expected.tail) &&
    readings.length === expected.documents.length;
  if (!isWhole) return refused(before);
  const edited = readings[expected.documents.indexOf(null)];
  if (edited && edited.status !== "good") return { status: "invalid", problems: edited.problems };
  const isSame = expected.documents.every(
    (document, index) => document === null || saysOf(document) === saysOf(readings[index] as ParsedDocument),
  );
  const isWanted =
    !edited || !expected.object || formOf(edited, file.path) === formOf(expected.object, file.path);
  return isSame && isWanted ? { status: "edited", text: file.text } : refused(before);
}

function formOf(object: WantedObject, file: string): string {
  const id = object.id ?? deriveId(object.kind, object.name);
  return canonicalJson({ ...fullDocument(object, file), id });
}

/** All that a document says, or that keeps it from saying anything, without places. */
function saysOf(document: ParsedDocument): string {
  if (document.status === "unidentified") return canonicalJson(document.problems.map(({ code }) => code));
  const { kind, id, name } = document;
  const content =
    document.status === "good"
      ? [document.labels, document.annotations, document.spec]
      : document.problems.map(({ code, path }) => [code, path]);
  return canonicalJson([kind, id, name, content]);
}

function refused(before: OpenFile): EditResult {
  return { status: "refused", problems: [unwritable(before)] };
}

/** The problem of an edit that does not come out as it should. */
export function unwritable({ source }: OpenFile): Problem {
  const message = `Gitway can't write this change into ${source.file} so that it reads back as it should: change it in the file.`;
  return editProblem(source, [0, 0], "edit-refused", message);
}
