import type { Kind, SpecByKind } from "../../manifest/manifest.ts";
import type { StoredObject } from "../../plan/plan.ts";
import { table } from "./output.ts";

type Row<K extends Kind> = (spec: SpecByKind[K]) => readonly string[];

/** What the table of each kind shows between name and place. */
const columns: { readonly [K in Kind]: { readonly headings: readonly string[]; readonly row: Row<K> } } = {
  ApiDefinition: {
    headings: ["answers at", "methods", "action", "tokens", "state"],
    row: (spec) => [
      spec.route ?? spec.listenPath ?? "-",
      spec.methods?.join(",") ?? "default",
      Object.keys(spec.action).join(","),
      spec.keyless === true ? "(keyless)" : (spec.tokens?.join(",") ?? "") || "-",
      spec.active === false ? "inactive" : "active",
    ],
  },
  ApiToken: {
    headings: ["secret", "state", "rate limit", "expires"],
    row: (spec) => [
      secretText(spec.secret),
      spec.disabled === true ? "disabled" : "enabled",
      spec.rateLimit ? `${spec.rateLimit.limit}/${spec.rateLimit.window}` : "-",
      spec.expires ?? "-",
    ],
  },
  Webhook: {
    headings: ["method", "url"],
    row: (spec) => [spec.method ?? "POST", spec.url],
  },
  User: {
    headings: ["person", "emails", "permissions", "key", "state"],
    row: (spec) => [
      spec.displayName,
      spec.emails?.join(",") ?? "-",
      spec.permissions?.join(",") ?? "-",
      spec.key ? secretText(spec.key) : "-",
      spec.active === false ? "inactive" : "active",
    ],
  },
};

/** The lines of a table of objects of one kind. */
export function objectTable(kind: Kind, objects: readonly StoredObject[]): string[] {
  const headings = ["name", ...columns[kind].headings, "commit", "place"];
  return table(headings, objects.map(rowOf));
}

function rowOf(object: StoredObject): string[] {
  const row = columns[object.kind].row as (spec: StoredObject["spec"]) => readonly string[];
  return [object.name, ...row(object.spec), object.commit.slice(0, 7), `${object.path}:${object.line}`];
}

function secretText(reference: { generate?: true; env?: string; file?: string; sha256?: string }): string {
  if (reference.env !== undefined) return `env ${reference.env}`;
  if (reference.file !== undefined) return `file ${reference.file}`;
  return reference.sha256 === undefined ? "issued" : `sha256: ${reference.sha256.slice(0, 4)}…`;
}
