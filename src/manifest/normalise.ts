import type { ApiDefinitionSpec } from "./api-definition.generated.ts";
import { canonicalJson } from "./canonical.ts";
import { resolveFile } from "./file-reference.ts";
import type { Kind, SpecByKind } from "./manifest.ts";
import { segmentsOf, select, valueAt } from "./pointer.ts";
import { filePaths, timestampPaths } from "./rules/field-rules.ts";
import { normaliseTimestamp } from "./timestamp.ts";

/**
 * The one form of all specs that mean the same (law 1: normalise once). The document is valid and has its
 * defaults filled in. Moments get one form, files become paths in the repository, `match` is made
 * explicit, sets are sorted, and settings that say nothing are left out.
 */
export function normaliseSpec<K extends Kind>(
  kind: K,
  document: { readonly spec: SpecByKind[K] },
  file: string,
): SpecByKind[K] {
  const copy = structuredClone(document);
  for (const pattern of timestampPaths[kind]) replaceTexts(copy, pattern, normaliseTimestamp);
  for (const pattern of filePaths[kind]) replaceTexts(copy, pattern, (text) => repositoryPath(file, text));
  for (const field of setsOf[kind]) sortSet(copy.spec, field);
  if (kind === "ApiDefinition") normaliseDefinition(copy.spec as ApiDefinitionSpec);
  for (const field of emptyFields[kind]) dropEmpty(copy, field);
  return copy.spec;
}

/** Whether the order of the list at a JSON pointer means nothing. */
export function isSet(kind: Kind, pointer: string): boolean {
  return setsOf[kind].some((field) => pointer === `/spec/${field}`);
}

/** What `match` is when a definition does not say. */
export function impliedMatch(spec: Pick<ApiDefinitionSpec, "action" | "listenPath">): "exact" | "prefix" {
  return spec.action.proxy || spec.listenPath !== undefined ? "prefix" : "exact";
}

/** Lists whose order means nothing. */
const setsOf: Readonly<Record<Kind, readonly string[]>> = {
  ApiDefinition: ["tokens", "methods"],
  ApiToken: [],
  Webhook: [],
  User: ["emails", "permissions"],
};

/** Fields that mean the same when they are absent and when they are empty; inner ones first. */
const emptyFields: Readonly<Record<Kind, readonly string[]>> = {
  ApiDefinition: [
    "/spec/description",
    "/spec/action/reply/headers",
    "/spec/action/script/parameters",
    ...["/spec/paths", "/spec/versions/entries/*/paths"].flatMap((home) => [
      ...["ignored", "allowed", "blocked"].flatMap((list) => [
        `${home}/${list}/*/methods/*/headers`,
        `${home}/${list}`,
      ]),
      home,
    ]),
    "/spec/limits",
    "/spec/middleware/pre",
    "/spec/middleware/post",
    "/spec/middleware",
    "/spec/dashboard",
  ],
  ApiToken: ["/spec/description"],
  Webhook: ["/spec/headers", "/spec/dashboard"],
  User: [],
};

/** Settings that say what holds without them. */
const defaults = {
  authentication: { header: "Authorization", basic: false, oauth2: false, signature: false },
  batch: { enabled: false, maxRequests: 100 },
  ipAllowList: { enabled: false, addresses: [] },
  ipBlockList: { enabled: false, addresses: [] },
} as const;

function normaliseDefinition(spec: ApiDefinitionSpec): void {
  spec.match ??= impliedMatch(spec);
  for (const [name, value] of Object.entries(defaults)) {
    const field = name as keyof typeof defaults;
    if (canonicalJson(spec[field]) === canonicalJson(value)) delete spec[field];
  }
}

function repositoryPath(file: string, text: string): string | undefined {
  const referenced = resolveFile(file, text);
  return referenced.ok ? referenced.file : undefined;
}

/** Replaces the texts at a path in which `*` stands for each item or field, in place. */
export function replaceTexts(
  document: unknown,
  pattern: string,
  replace: (text: string) => string | undefined,
): void {
  for (const { pointer, value } of select(document, pattern)) {
    if (typeof value !== "string") continue;
    const { parent, key } = homeOf(document, pointer);
    parent[key] = replace(value) ?? value;
  }
}

function sortSet(spec: object, field: string): void {
  const value = (spec as Record<string, unknown>)[field];
  if (Array.isArray(value)) value.sort((a, b) => (String(a) < String(b) ? -1 : 1));
}

function dropEmpty(document: unknown, pattern: string): void {
  for (const { pointer, value } of select(document, pattern)) {
    const empty =
      value === "" || (typeof value === "object" && value !== null && Object.keys(value).length === 0);
    const { parent, key } = homeOf(document, pointer);
    if (empty) delete parent[key];
  }
}

function homeOf(document: unknown, pointer: string): { parent: Record<string, unknown>; key: string } {
  const parent = valueAt(document, pointer.slice(0, pointer.lastIndexOf("/"))) as Record<string, unknown>;
  return { parent, key: segmentsOf(pointer).at(-1) ?? "" };
}
