import { closest } from "../../closest.ts";
import type { Finding } from "../finding.ts";
import { deriveId } from "../identity.ts";
import { type Identity, type Kind, kinds } from "../manifest.ts";
import { pointerTo, quoteForPeople, valueAt } from "../pointer.ts";
import { schemaFindings, withoutCascades } from "./schema-findings.ts";

/** Who a document is, or why that is not certain. */
export type IdentityReading =
  | { readonly identity: Identity; readonly findings: null }
  | { readonly identity: null; readonly findings: readonly Finding[] };

/**
 * Reads kind, name and id of a document. It errs on the side of not knowing: an identity that is read
 * wrongly would make another object seem absent (law 3).
 */
export function readIdentity(document: unknown): IdentityReading {
  if (typeof document !== "object" || document === null || Array.isArray(document))
    return unknown({
      path: "",
      code: "not-a-manifest",
      message: "A manifest must be a mapping with apiVersion, kind, metadata and spec.",
    });
  const kind = valueAt(document, "/kind");
  const version = versionFlaw(document);
  if (!isKind(kind)) return unknown(...version, kindFlaw(kind));
  const findings = [...version, ...schemaFindings(kind, headOf(document))];
  if (findings.some(({ path }) => decisive.has(path)))
    return unknown(...withoutCascades(findings).filter(({ path }) => path !== "/spec"));
  const typo = misspeltId(document);
  if (typo) return unknown(typo);
  const name = valueAt(document, "/metadata/name") as string;
  const id = valueAt(document, "/metadata/id") as string | undefined;
  return { identity: { kind, name, id: id ?? deriveId(kind, name) }, findings: null };
}

/** What identifies a document, without its spec, which may be large. */
function headOf(document: object): object {
  const fields = Object.entries(document).filter(([name]) =>
    ["apiVersion", "kind", "metadata"].includes(name),
  );
  return Object.fromEntries(fields);
}

/** The fields without which there is no identity. */
const decisive = new Set(["", "/apiVersion", "/kind", "/metadata", "/metadata/name", "/metadata/id"]);

function unknown(...findings: readonly Finding[]): IdentityReading {
  return { identity: null, findings };
}

function isKind(value: unknown): value is Kind {
  return (kinds as readonly unknown[]).includes(value);
}

function versionFlaw(document: object): Finding[] {
  const [path, version] = ["/apiVersion", valueAt(document, "/apiVersion")];
  if (version === "gitway/v1") return [];
  if (version !== undefined)
    return [{ path, code: "unknown-api-version", message: "'apiVersion' must be gitway/v1." }];
  const message = "'apiVersion' is missing: add 'apiVersion: gitway/v1'.";
  return [{ path, code: "missing-field", message, at: "key" }];
}

function kindFlaw(kind: unknown): Finding {
  const known = kinds.join(", ");
  if (kind === undefined)
    return {
      path: "/kind",
      code: "missing-field",
      message: `'kind' is missing: add one of ${known}.`,
      at: "key",
    };
  const shown = typeof kind === "string" ? `Unknown kind ${quoteForPeople(kind)}` : "'kind' must be text";
  const meant = typeof kind === "string" ? closest(kind, kinds) : null;
  return {
    path: "/kind",
    code: "unknown-kind",
    message: `${shown}: ${meant ? `did you mean '${meant}'?` : `use one of ${known}.`}`,
  };
}

/** A misspelt `id` would be taken for none, and the object for another one. */
function misspeltId(document: object): Finding | null {
  const metadata = valueAt(document, "/metadata");
  if (typeof metadata !== "object" || metadata === null || Object.hasOwn(metadata, "id")) return null;
  const key = Object.keys(metadata).find((name) => /^(.*[_.-])?[gu]?u?ids?$/i.test(name));
  if (key === undefined) return null;
  const message = `Unknown field ${quoteForPeople(key)} in 'metadata': did you mean 'id'?`;
  return { path: pointerTo("/metadata", key), code: "unknown-field", message, at: "key" };
}
