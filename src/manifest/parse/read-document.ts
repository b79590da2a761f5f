import { type Document, isMap } from "yaml";

import type { ApiDefinitionSpec } from "../api-definition.generated.ts";
import type { Finding } from "../finding.ts";
import type { Identity, Kind, SpecByKind } from "../manifest.ts";
import { normaliseSpec } from "../normalise.ts";
import type { FileReference, ParsedDocument } from "../parsed-file.ts";
import { select, valueAt } from "../pointer.ts";
import type { Place, Problem, Severity } from "../problem.ts";
import { definitionFindings } from "../rules/definition-rules.ts";
import { definitionWarnings } from "../rules/definition-warnings.ts";
import { fieldFindings, filePaths, type Surroundings } from "../rules/field-rules.ts";
import { type Locator, locatorFor } from "./locate.ts";
import { readIdentity } from "./read-identity.ts";
import { schemaFindings, withoutCascades } from "./schema-findings.ts";
import { type IndexedText, placeOfRange } from "./text-position.ts";
import { syntaxFault } from "./yaml-syntax.ts";
import { keyText, type Tree, type TreeFault, treeOf } from "./yaml-tree.ts";

/** How many problems of one document are told. */
const mostProblems = 100;

/** What one document says: null when it is empty. */
export interface DocumentReading {
  readonly document: ParsedDocument | null;
  /** The offset of a syntax error: what follows in the file is not to be trusted. */
  readonly lostAt: number | null;
}

/** Reads one YAML document. */
export function readDocument(
  source: IndexedText,
  yaml: Document.Parsed,
  surroundings: Surroundings,
): DocumentReading {
  const tree = treeOf(yaml.contents);
  const locator = locatorFor(source, tree, [yaml.range[0], yaml.range[1]]);
  const syntax = syntaxFault(yaml);
  if (syntax) {
    const problem = problemOfFault(source, { ...syntax, path: "" });
    const certain = isIdentityBefore(tree, syntax.start) && !tree.faults.some(touchesIdentity);
    const { identity } = certain ? readIdentity(tree.value) : { identity: null };
    return {
      document: identity ? broken(identity, locator, [problem]) : unidentified([problem]),
      lostAt: syntax.start,
    };
  }
  if (tree.value === null && tree.faults.length === 0) return { document: null, lostAt: null };
  return { document: judge(source, tree, locator, surroundings), lostAt: null };
}

function judge(
  source: IndexedText,
  tree: Tree,
  locator: Locator,
  surroundings: Surroundings,
): ParsedDocument {
  const faults = tree.faults.slice(0, 2 * mostProblems).map((fault) => problemOfFault(source, fault));
  if (tree.faults.some(touchesIdentity)) return unidentified(faults);
  const { identity, findings } = readIdentity(tree.value);
  if (!identity) return unidentified([...faults, ...problemsOf(findings, locator)]);
  const checked = structuredClone(tree.value) as { metadata: Metadata; spec: SpecByKind[Kind] };
  const all = [
    ...schemaFindings(identity.kind, checked),
    ...fieldFindings(identity.kind, tree.value, surroundings),
    ...(identity.kind === "ApiDefinition" ? definitionFindings(tree.value) : []),
  ];
  const problems = [...faults, ...problemsOf(apartFrom(tree.faults, withoutCascades(all)), locator)];
  if (problems.some(({ severity }) => severity === "error")) return broken(identity, locator, problems);
  return good(identity, checked, tree, locator, problems, surroundings);
}

interface Metadata {
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
}

function good(
  identity: Identity,
  checked: { readonly metadata: Metadata; readonly spec: SpecByKind[Kind] },
  tree: Tree,
  locator: Locator,
  problems: readonly Problem[],
  { file }: Surroundings,
): ParsedDocument {
  const written = tree.value as { readonly spec: ApiDefinitionSpec };
  const more = identity.kind === "ApiDefinition" ? problemsOf(definitionWarnings(written), locator) : [];
  const spec = normaliseSpec(identity.kind, checked, file);
  const fileReferences = fileReferencesOf(identity.kind, spec, locator);
  return {
    status: "good",
    ...identity,
    labels: checked.metadata.labels ?? {},
    annotations: checked.metadata.annotations ?? {},
    spec,
    place: locator.document,
    places: placesOf(checked, spec, locator, fileReferences),
    fileReferences,
    warnings: inOrder([...problems, ...more]).slice(0, mostProblems),
  } as ParsedDocument;
}

function fileReferencesOf(kind: Kind, spec: SpecByKind[Kind], locator: Locator): FileReference[] {
  return filePaths[kind]
    .flatMap((pattern) => select({ spec }, pattern))
    .map(({ pointer, value }) => ({ file: String(value), path: pointer, place: locator.placeOf(pointer) }));
}

/** The fields whose value only one object may have. */
const uniqueFields = [
  "/metadata/name",
  "/metadata/id",
  "/spec/route",
  "/spec/listenPath",
  "/spec/dashboard/id",
  "/spec/dashboard/api_id",
];

/** The places that other manifests, or files, can be at odds with. */
function placesOf(
  document: { readonly spec: SpecByKind[Kind] },
  spec: SpecByKind[Kind],
  locator: Locator,
  fileReferences: readonly FileReference[],
): Record<string, Place> {
  const places: Record<string, Place> = {};
  for (const field of uniqueFields) {
    if (valueAt(document, field) !== undefined) places[field] = locator.placeOf(field);
  }
  for (const { pointer } of select({ spec }, "/spec/events/*/webhook"))
    places[pointer] = locator.placeOf(pointer);
  for (const { path, place } of fileReferences) places[path] = place;
  // The set of tokens is sorted, so that the places are those of where each one was written.
  const writtenTokens = select(document, "/spec/tokens/*");
  for (const { pointer, value } of select({ spec }, "/spec/tokens/*")) {
    const origin = writtenTokens.find((token) => token.value === value)?.pointer ?? pointer;
    places[pointer] = locator.placeOf(origin);
  }
  return places;
}

function broken(identity: Identity, locator: Locator, problems: readonly Problem[]): ParsedDocument {
  return {
    status: "broken",
    ...identity,
    place: locator.document,
    problems: limited(problems, locator.document),
  };
}

function unidentified(problems: readonly Problem[]): ParsedDocument {
  return { status: "unidentified", problems: inOrder(problems).slice(0, mostProblems) };
}

function limited(problems: readonly Problem[], place: Place): Problem[] {
  if (problems.length <= mostProblems) return inOrder(problems);
  const message = "There are more problems in this document: repair the first ones and look again.";
  return [
    ...inOrder(errorsFirst(problems).slice(0, mostProblems)),
    { ...place, code: "more-problems", severity: "error", message, path: "" },
  ];
}

/** The findings about fields whose YAML is not at fault itself. */
function apartFrom(faults: readonly TreeFault[], findings: readonly Finding[]): Finding[] {
  const paths = new Set(faults.map(({ path }) => path));
  return findings.filter(({ path }) => !paths.has(path));
}

function errorsFirst<T extends { readonly severity?: Severity }>(all: readonly T[]): T[] {
  const isWarning = ({ severity }: T) => severity === "warning";
  return [...all.filter((item) => !isWarning(item)), ...all.filter(isWarning)];
}

/** The problems that findings are, errors first, so that no number of warnings can hide an error. */
function problemsOf(findings: readonly Finding[], locator: Locator): Problem[] {
  return errorsFirst(findings)
    .slice(0, 2 * mostProblems)
    .map(({ path, code, message, severity = "error", at }) => ({
      ...locator.placeOf(path, at),
      code,
      severity,
      message,
      path,
    }));
}

function problemOfFault(source: IndexedText, { start, end, code, message, path }: TreeFault): Problem {
  return { ...placeOfRange(source, start, end), code, severity: "error", message, path };
}

function inOrder(problems: readonly Problem[]): Problem[] {
  return [...problems].sort((a, b) => a.line - b.line || a.column - b.column);
}

const rootFields = new Set(["apiVersion", "kind", "metadata", "spec"]);

/**
 * Whether kind and metadata are complete before an offset: another field of the document, at the first
 * column, begins after each of them and before it.
 */
function isIdentityBefore({ root }: Tree, offset: number): boolean {
  if (!isMap(root) || root.flow) return false;
  const keys = root.items
    .map(({ key }) => ({ name: keyText(key) ?? "", start: key.range[0] }))
    .filter(({ start }) => start < offset);
  if (keys.some(({ name }) => !rootFields.has(name))) return false;
  const complete = new Set(keys.slice(0, -1).map(({ name }) => name));
  return ["apiVersion", "kind", "metadata"].every((name) => complete.has(name));
}

/** Whether a fault leaves open what the kind, name and id are. */
function touchesIdentity({ path }: TreeFault): boolean {
  return /^(\/(apiVersion|kind|metadata|<<)?|\/metadata\/(name|id|<<)(\/.*)?)?$/.test(path);
}
