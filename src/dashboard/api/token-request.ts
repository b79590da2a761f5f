import { type JsonObject } from "../../exchange/json-object.ts";
import { formProblems } from "../../exchange/take-over.ts";
import type { ApiTokenSpec } from "../../manifest/api-token.generated.ts";
import type { Finding } from "../../manifest/finding.ts";
import { schemaFindings, withoutCascades } from "../../manifest/parse/schema-findings.ts";
import { readable } from "../../manifest/pointer.ts";
import { fieldFindings } from "../../manifest/rules/field-rules.ts";
import type { StoredObject } from "../../plan/plan.ts";
import type { Flaw } from "./reasons.ts";

/** A token of the store. */
export type Token = Extract<StoredObject, { kind: "ApiToken" }>;

/** What a client may say of a token; its secret is generated. */
const settable = ["description", "disabled", "rateLimit", "quota", "expires"];

/** What a request makes of a token, or all that is wrong with it. */
export type TokenReading =
  | { readonly name: string; readonly spec: ApiTokenSpec; readonly flaws: readonly [] }
  | { readonly name: null; readonly flaws: readonly Flaw[] };

/**
 * Reads what a client says of a token: of a new one, or of the one that it changes, where what is left out
 * stays and null takes a field away. `taken` tells whether another token has a name.
 */
export function readToken(
  request: unknown,
  before: Token | null,
  taken: (name: string) => boolean,
): TokenReading {
  const malformed = formProblems(request, []);
  if (malformed.length > 0) return { name: null, flaws: malformed };
  const given = request as JsonObject;
  const { name = before?.name, ...changed } = given;
  const spec = specOf(changed, before);
  const document = { apiVersion: "gitway/v1", kind: "ApiToken", metadata: { name }, spec };
  const flaws = [
    ...nameFlaws(name, before, taken),
    ...unknownFields(changed),
    ...ruleFlaws(document, name !== undefined),
  ];
  if (flaws.length > 0 || typeof name !== "string") return { name: null, flaws };
  return { name, spec: spec as unknown as ApiTokenSpec, flaws: [] };
}

function specOf(changed: JsonObject, before: Token | null): JsonObject {
  const known = Object.entries(changed).filter(([field]) => settable.includes(field));
  const fields = Object.entries({ ...before?.spec, ...Object.fromEntries(known) });
  const said = fields.filter(([, value]) => value !== null);
  return { ...Object.fromEntries(said), secret: before?.spec.secret ?? { generate: true } };
}

function nameFlaws(name: unknown, before: Token | null, taken: (name: string) => boolean): Flaw[] {
  const flaw = (code: string, message: string): Flaw[] => [{ code, message, field: "name" }];
  if (name === undefined) return flaw("missing-field", "A token needs a 'name'.");
  if (typeof name !== "string" || name === before?.name || !taken(name)) return [];
  return flaw("duplicate-name", `There is a token '${name}' already.`);
}

function unknownFields(changed: JsonObject): Flaw[] {
  const fields = ["name", ...settable].join(", ");
  return Object.keys(changed)
    .filter((field) => !settable.includes(field))
    .slice(0, mostUnknown)
    .map((field) =>
      field === "secret"
        ? {
            code: "secret-given",
            field,
            message: "'secret' can't be chosen: Gitway issues it, and shows it once.",
          }
        : {
            code: "unknown-field",
            field,
            message: `Unknown field '${field.slice(0, 80)}': the fields are ${fields}.`,
          },
    );
}

const mostUnknown = 20;

/** What the rules for manifests say, in the fields of the request. */
function ruleFlaws(document: object, isNamed: boolean): Flaw[] {
  const checked = structuredClone(document);
  const findings = [
    ...schemaFindings("ApiToken", checked),
    ...fieldFindings("ApiToken", checked, { file: "manifest.yaml", routeBase: "" }),
  ].filter(({ severity, path }) => severity !== "warning" && (isNamed || path !== "/metadata/name"));
  return withoutCascades(findings).map(flawOf);
}

function flawOf({ code, path, message }: Finding): Flaw {
  const field = readable(path.replace(/^\/(?:metadata|spec)(?=\/)/, ""));
  return { code, field, message: message.replaceAll(/'(?:metadata|spec)\./g, "'") };
}
