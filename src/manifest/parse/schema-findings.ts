import type { ErrorObject } from "ajv";

import { closest } from "../../closest.ts";
import type { Finding } from "../finding.ts";
import type { Kind } from "../manifest.ts";
import { pointerTo, quoteForPeople, readable, valueAt } from "../pointer.ts";
import { patternWords } from "./pattern-words.ts";
import { checkSchema, type FieldSchema, schemaAt } from "./schema.ts";

interface Context {
  readonly kind: Kind;
  readonly error: ErrorObject;
  readonly path: string;
  /** The field as a sentence names it. */
  readonly field: string;
  readonly schema: FieldSchema;
  readonly value: unknown;
}

/** Beyond this, a document has so many errors that more of them help nobody. */
const most = 1000;

/**
 * Checks a document against the schema of its kind, fills in the defaults, in place, and says in one
 * sentence for each field what is wrong with it.
 */
export function schemaFindings(kind: Kind, document: unknown): Finding[] {
  return checkSchema(kind, document)
    .slice(0, most)
    .flatMap((error) => findingOf(kind, document, error));
}

function findingOf(kind: Kind, document: unknown, error: ErrorObject): Finding[] {
  const name = error.propertyName;
  const path = name === undefined ? error.instancePath : pointerTo(error.instancePath, name);
  const parent = schemaAt(kind, error.instancePath) ?? {};
  const schema = name === undefined ? parent : (parent.propertyNames ?? {});
  const value = name ?? valueAt(document, path);
  const field =
    name === undefined
      ? readable(path)
      : `the name ${quoteForPeople(name)} in '${readable(error.instancePath)}'`;
  const say = sentences[error.keyword];
  if (!say) return [];
  const finding = say({ kind, error, path, field: name === undefined ? `'${field}'` : field, schema, value });
  return [name === undefined ? finding : { ...finding, at: "key" }];
}

/** By keyword of the schema. A keyword without a row repeats what another one says. */
const sentences: Record<string, (context: Context) => Finding> = {
  additionalProperties: unknownField,
  required: missingField,
  type: wrongType,
  enum: notAllowed,
  pattern: ({ path, field, schema }) => ({
    path,
    code: "invalid-format",
    message: `${capital(field)} must be ${patternWords[schema.pattern ?? ""] ?? "of another form"}${suchAs(schema)}.`,
  }),
  minLength: ({ path, field }) => ({
    path,
    code: "empty-value",
    message: `${capital(field)} must not be empty.`,
  }),
  maxLength: limit((max) => `must be at most ${max} characters long`),
  minimum: limit((min, value) => `must be at least ${min}, but is ${value}`),
  maximum: limit((max, value) => `must be at most ${max}, but is ${value}`),
  minItems: ({ path, field }) => ({
    path,
    code: "empty-value",
    message: `${capital(field)} must not be empty: add an entry, or leave the field out.`,
  }),
  maxItems: limit((max) => `must have at most ${max} entries`),
  uniqueItems: ({ path, field, error }) => ({
    path: pointerTo(path, Number(error.params["index"])),
    code: "duplicate-item",
    message: `This entry is in ${field} already: remove it.`,
  }),
  minProperties: exactlyOne,
  maxProperties: (context) => (context.error.params["limit"] === 1 ? exactlyOne : tooMany)(context),
};

const tooMany = limit((max) => `must have at most ${max} entries`);

function limit(words: (limit: number, value: string) => string): (context: Context) => Finding {
  return ({ path, field, error, value }) => ({
    path,
    code: "out-of-range",
    message: `${capital(field)} ${words(Number(error.params["limit"]), String(value))}.`,
  });
}

function unknownField({ path, schema, error }: Context): Finding {
  const key = String(error.params["additionalProperty"]);
  const known = Object.keys(schema.properties ?? {});
  const meant = closest(key, known);
  const where = path === "" ? "" : ` in '${readable(path)}'`;
  const what = meant ? `did you mean '${meant}'?` : `the fields there are ${known.join(", ")}.`;
  const message = `Unknown field ${quoteForPeople(key)}${where}: ${what}`;
  return { path: pointerTo(path, key), code: "unknown-field", message, at: "key" };
}

function missingField({ kind, path, error }: Context): Finding {
  const missing = pointerTo(path, String(error.params["missingProperty"]));
  const { description } = schemaAt(kind, missing) ?? {};
  const hint = description ? `add it (${lowerFirst(firstSentence(description))})` : "add it";
  return {
    path: missing,
    code: "missing-field",
    message: `'${readable(missing)}' is missing: ${hint}.`,
    at: "key",
  };
}

const typeWords: Record<string, string> = {
  string: "text",
  integer: "a whole number",
  number: "a number",
  boolean: "true or false",
  array: "a list",
  object: "a mapping of fields",
};

function wrongType({ path, field, schema, value }: Context): Finding {
  const words = patternWords[schema.pattern ?? ""] ?? typeWords[schema.type ?? ""] ?? "of another type";
  const unquoted = schema.type === "string" && (typeof value === "number" || typeof value === "boolean");
  const cure = unquoted && !schema.pattern ? ": put it in quotes" : "";
  const example = cure === "" ? suchAs(schema) : "";
  const message = `${capital(field)} must be ${words}${example}, but is ${typeOf(value)}${cure}.`;
  return { path, code: "wrong-type", message };
}

function typeOf(value: unknown): string {
  if (value === null || value === undefined) return "empty";
  if (Array.isArray(value)) return "a list";
  if (typeof value === "object") return "a mapping of fields";
  return typeof value === "string" ? "text" : typeof value === "number" ? "a number" : "true or false";
}

function notAllowed({ path, field, schema, value }: Context): Finding {
  const allowed = (schema.enum ?? []).map(String);
  const meant = typeof value === "string" ? closest(value, allowed) : null;
  const choice = allowed.length === 1 ? `must be ${allowed[0]}` : `must be one of ${allowed.join(", ")}`;
  const question = meant ? `: did you mean '${meant}'?` : ".";
  return { path, code: "invalid-value", message: `${capital(field)} ${choice}${question}` };
}

function exactlyOne({ path, field, schema }: Context): Finding {
  const names = Object.keys(schema.properties ?? {});
  const message = `${capital(field)} needs exactly one of ${names.slice(0, -1).join(", ")} and ${names.at(-1)}: give one.`;
  return { path, code: "exactly-one", message, at: "key" };
}

function suchAs(schema: FieldSchema): string {
  const examples = (schema.examples ?? []).filter((example) => typeof example === "string").slice(0, 2);
  return examples.length > 0 ? `, such as ${examples.join(" or ")}` : "";
}

function firstSentence(text: string): string {
  return (/^.*?\.(?=\s|$)/s.exec(text)?.[0] ?? text).replace(/\.$/, "");
}

function lowerFirst(text: string): string {
  return /^[A-Z][a-z]/.test(text) ? text.charAt(0).toLowerCase() + text.slice(1) : text;
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/**
 * One finding for each field, the first. A misspelt field doesn't also make the one that was meant missing, nor the
 * mapping that it is in the wrong size.
 */
export function withoutCascades(findings: readonly Finding[]): Finding[] {
  const misspelt = new Set<string>();
  for (const { code, path, message } of findings) {
    if (code !== "unknown-field") continue;
    const parent = path.slice(0, path.lastIndexOf("/"));
    misspelt.add(parent);
    const meant = /did you mean '(\w+)'/.exec(message)?.[1];
    if (meant) misspelt.add(pointerTo(parent, meant));
  }
  const seen = new Set<string>();
  return findings.filter(({ code, path }) => {
    if ((code === "missing-field" || code === "exactly-one") && misspelt.has(path)) return false;
    return !seen.has(path) && seen.add(path);
  });
}
