import { dirname, join, relative } from "node:path/posix";

import type { Identity } from "../manifest.ts";
import { yamlLimits } from "../parse/read-yaml.ts";
import { treeOf } from "../parse/yaml-tree.ts";
import type { Draft, ParsedDocument } from "../parsed-file.ts";
import { quoteForPeople } from "../pointer.ts";
import type { Problem } from "../problem.ts";
import { type ManifestDocument, type WantedObject, writtenForm } from "../written-form.ts";
import { checkEdit, type EditResult, unwritable } from "./check.ts";
import { appendedDocument, cutOf, languageServerLine } from "./documents.ts";
import {
  type EditOptions,
  editProblem,
  isOpen,
  type ManifestFile,
  openFile,
  type OpenFile,
} from "./edit-file.ts";
import { type Editing, editRoot } from "./edit-value.ts";
import { layoutOf } from "./layout.ts";
import { type Layout, mapLines, ownLayout } from "./render.ts";
import { targetDocument } from "./target.ts";
import { applySplices, lineEndOf } from "./text.ts";

/**
 * Makes an object of a file another one, and keeps every byte that does not have to change. An object
 * that is already as wanted gives the identical text. The id stays unless another is wanted.
 */
export function setObject(
  file: ManifestFile,
  identity: Pick<Identity, "kind" | "id">,
  wanted: WantedObject,
  options: EditOptions,
): EditResult {
  const opened = openFile(file, options);
  if (!isOpen(opened)) return refused(opened);
  const found = find(opened, identity);
  if (!found.draft) return refused(found.problems);
  const object = { ...wanted, id: wanted.id ?? identity.id };
  if (isTooDeep(object.spec)) return { status: "invalid", problems: [tooDeep(opened)] };
  const text = splice(opened, found.index, found.draft, object);
  if (typeof text !== "string") return refused(text);
  const { start, end } = opened.chunks[found.index] ?? { start: 0, end: 0 };
  return checkEdit(opened, { ...file, text }, options, {
    head: opened.source.text.slice(0, start),
    tail: opened.source.text.slice(end),
    documents: saying(opened).map((reading) => (reading === found.draft ? null : reading)),
    object,
  });
}

/** Puts a new object behind those of a file. */
export function addObject(file: ManifestFile, wanted: WantedObject, options: EditOptions): EditResult {
  const opened = openFile(file, options);
  if (!isOpen(opened)) return refused(opened);
  if (isTooDeep(wanted.spec)) return { status: "invalid", problems: [tooDeep(opened)] };
  const { text } = opened.source;
  const eol = lineEndOf(text);
  const model = opened.documents[opened.readings.findIndex((reading) => reading !== null)];
  const layout = model ? layoutOf(text, model.contents) : ownLayout;
  const document = documentText(wanted, file.path, eol, layout);
  const added = opened.bom + appendedDocument(text, eol, model !== undefined, document);
  return checkEdit(opened, { ...file, text: added }, options, {
    head: text,
    tail: "",
    documents: [...saying(opened), null],
    object: wanted,
  });
}

/**
 * Writes a file that holds one new object. Of a sibling it takes over the line that tells editors the
 * schema, and the line ends.
 */
export function newFile(
  path: string,
  wanted: WantedObject,
  options: EditOptions,
  sibling?: ManifestFile,
): EditResult {
  const eol = lineEndOf(sibling?.text ?? "");
  const header = sibling ? schemaLine(sibling, path) : null;
  const start = { path, text: header === null ? "" : header + eol };
  return addObject(start, wanted, options);
}

/** Takes an object out of a file, with its document and the comments in that. */
export function deleteObject(
  file: ManifestFile,
  identity: Pick<Identity, "kind" | "id">,
  options: EditOptions,
): EditResult {
  const opened = openFile(file, options);
  if (!isOpen(opened)) return refused(opened);
  const found = find(opened, identity);
  if (!found.draft) return refused(found.problems);
  if (opened.readings.every((reading, index) => reading === null || index === found.index))
    return { status: "edited", text: null };
  const { start, end } = cutOf(opened.source.text, opened.documents, found.index);
  const [head, tail] = [opened.source.text.slice(0, start), opened.source.text.slice(end)];
  const documents = saying(opened).filter((reading) => reading !== found.draft);
  const text = opened.bom + head + tail;
  return checkEdit(opened, { ...file, text }, options, { head, tail, documents, object: null });
}

/** The text of a document as a person would write it. */
export function documentText(
  object: WantedObject,
  file: string,
  eol = "\n",
  layout: Layout = ownLayout,
): string {
  return mapLines(writtenForm(object, file), 0, layout)
    .map((line) => line + eol)
    .join("");
}

type Found =
  | { readonly draft: Draft; readonly index: number }
  | { readonly draft: null; readonly problems: readonly Problem[] };

function find({ readings, source }: OpenFile, { kind, id }: Pick<Identity, "kind" | "id">): Found {
  const matches = readings.flatMap((reading, index) =>
    reading && reading.status !== "unidentified" && reading.kind === kind && reading.id === id
      ? [{ reading, index }]
      : [],
  );
  const [match, other] = matches;
  const refusal = (message: string) => ({
    draft: null,
    problems: [editProblem(source, [0, 0], "edit-refused", message)],
  });
  if (!match)
    return refusal(`The file has no ${kind} with the id ${quoteForPeople(id)}: look again where it is.`);
  if (other)
    return refusal(`The file has more than one ${kind} ${quoteForPeople(match.reading.name)}: keep one.`);
  if (match.reading.status === "broken") return { draft: null, problems: match.reading.problems };
  return { draft: match.reading, index: match.index };
}

/** The text with one document made to say the wanted object, or why that can't be. */
function splice(
  opened: OpenFile,
  index: number,
  draft: Draft,
  wanted: WantedObject,
): string | readonly Problem[] {
  const { source, documents, bom } = opened;
  const document = documents[index];
  const tree = treeOf(document?.contents ?? null);
  if (!document || !tree.root) throw new Error("A manifest has no content");
  const editing: Editing = {
    text: source.text,
    eol: lineEndOf(source.text),
    layout: layoutOf(source.text, tree.root),
    targets: tree.targets,
    splices: [],
    faults: [],
  };
  const written = tree.value as ManifestDocument;
  editRoot(editing, tree.root, written, targetDocument(written, draft, wanted, source.file));
  if (editing.faults.length > 0)
    return editing.faults.map(({ start, end, code, message, path }) =>
      editProblem(source, [start, end], code, message, path),
    );
  const text = applySplices(source.text, editing.splices);
  return text === null ? [unwritable(opened)] : bom + text;
}

/** The documents of a file that say something. */
function saying({ readings }: OpenFile): ParsedDocument[] {
  return readings.filter((reading) => reading !== null);
}

function refused(problems: readonly Problem[]): EditResult {
  return { status: "refused", problems };
}

/** Whether a value is nested deeper than a manifest may be. */
function isTooDeep(value: unknown, levels: number = yamlLimits.depth): boolean {
  if (typeof value !== "object" || value === null) return false;
  return levels === 0 || Object.values(value).some((inner) => isTooDeep(inner, levels - 1));
}

function tooDeep({ source }: OpenFile): Problem {
  const message = `There are more than ${yamlLimits.depth} levels of nesting: make it flatter.`;
  return editProblem(source, [0, 0], "yaml-limit", message, "/spec");
}

/** The line that tells editors the schema, as a file at another path has to name it. */
function schemaLine(sibling: ManifestFile, path: string): string | null {
  const line = languageServerLine(sibling.text.replace(/^\uFEFF/, ""));
  return (
    line?.replace(/(\$schema=)(\.[^\s]*)/, (_, key: string, reference: string) => {
      const from = `/${dirname(path)}`;
      const schema = relative(from, join(`/${dirname(sibling.path)}`, reference));
      return key + (schema.startsWith(".") ? schema : `./${schema}`);
    }) ?? null
  );
}
