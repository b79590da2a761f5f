import { assembleManifests } from "../../../src/manifest/assemble.ts";
import type { Manifest, ManifestSet } from "../../../src/manifest/manifest.ts";
import { parseFile } from "../../../src/manifest/parse/parse-file.ts";
import type { ParsedDocument, ParsedFile } from "../../../src/manifest/parsed-file.ts";
import type { Problem } from "../../../src/manifest/problem.ts";

export const routeBase = "/api/custom";

export function read(text: string, path = "apis/a.yaml"): ParsedFile {
  return parseFile(path, text, { routeBase });
}

/** The one document that a text is expected to hold. */
export function readOne(text: string, path?: string): ParsedDocument {
  const { documents } = read(text, path);
  const [document] = documents;
  if (documents.length !== 1 || !document) throw new Error(`expected one document, not ${documents.length}`);
  return document;
}

export function problemsOf(document: ParsedDocument): readonly Problem[] {
  return document.status === "good" ? document.warnings : document.problems;
}

/** Problems as `line:column code path`. */
export function brief(problems: readonly Problem[]): string[] {
  return problems.map(({ line, column, code, path }) => `${line}:${column} ${code} ${path}`.trim());
}

export function codesOf(text: string): string[] {
  return read(text).documents.flatMap((document) => problemsOf(document).map(({ code }) => code));
}

/** An ApiDefinition whose spec is the given lines, from line 5 on. */
export function definition(spec: string, name = "x"): string {
  const lines = spec
    .trim()
    .split("\n")
    .map((line) => `  ${line}\n`);
  return `apiVersion: gitway/v1\nkind: ApiDefinition\nmetadata: { name: ${name} }\nspec:\n${lines.join("")}`;
}

/** A definition that is whole but for the given lines. */
export function reply(lines: string, name?: string): string {
  return definition(`${lines}\nkeyless: true\naction: { reply: {} }`, name);
}

export function setOf(...files: readonly ParsedFile[]): ManifestSet {
  return assembleManifests(files, {
    digestOf: (path) => (path.includes("missing") ? undefined : `digest of ${path}`),
  });
}

export function objectOf(text: string, path?: string): Manifest {
  const [manifest] = setOf(read(text, path)).manifests;
  if (!manifest) throw new Error(`no good manifest: ${JSON.stringify(read(text, path))}`);
  return manifest;
}
