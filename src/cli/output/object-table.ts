import { grouped } from "../../grouped.ts";
import type { Kind, SpecByKind } from "../../manifest/manifest.ts";
import type { StoredObject } from "../../plan/plan.ts";
import type { Credential } from "../../store/credentials/credential-store.ts";
import { table } from "./output.ts";
import { tokenState } from "./token-state.ts";

type Row<K extends Kind> = (spec: SpecByKind[K], credentials: readonly Credential[]) => readonly string[];

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
    headings: ["secret", "state", "rate limit", "quota", "expires"],
    row: (spec, credentials) => [
      secretText(spec.secret),
      tokenState(spec, credentials),
      limitText(spec.rateLimit),
      limitText(spec.quota),
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

/** The lines of a table of objects of one kind. The credentials are those of tokens. */
export function objectTable(
  kind: Kind,
  objects: readonly StoredObject[],
  credentials: readonly Credential[],
): string[] {
  const headings = ["name", ...columns[kind].headings, "commit", "place"];
  const byToken = grouped(credentials, ({ tokenId }) => tokenId);
  return table(
    headings,
    objects.map((object) => rowOf(object, byToken.get(object.id) ?? [])),
  );
}

function rowOf(object: StoredObject, credentials: readonly Credential[]): string[] {
  const row = columns[object.kind].row as Row<Kind>;
  const cells = row(object.spec, credentials);
  return [object.name, ...cells, object.commit.slice(0, 7), `${object.path}:${object.line}`];
}

function limitText(limit: { readonly limit: number; readonly window: string } | undefined): string {
  return limit ? `${limit.limit}/${limit.window}` : "-";
}

function secretText(reference: { generate?: true; env?: string; file?: string; sha256?: string }): string {
  if (reference.env !== undefined) return `env ${reference.env}`;
  if (reference.file !== undefined) return `file ${reference.file}`;
  return reference.sha256 === undefined ? "issued" : `sha256: ${reference.sha256.slice(0, 4)}…`;
}
