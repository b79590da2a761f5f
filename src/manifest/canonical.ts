import { createHash } from "node:crypto";

/**
 * JSON with sorted keys and no white space, to compare and to hash values: equal values give equal
 * text, whatever the order of their keys. Fields that are `undefined` count as absent.
 */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map((item) => canonicalJson(item ?? null)).join(",")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value) ?? "null";
  const fields = Object.entries(value)
    .filter(([, field]) => field !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, field]) => `${JSON.stringify(key)}:${canonicalJson(field)}`);
  return `{${fields.join(",")}}`;
}

/** The SHA-256 of a value in canonical form, in hex. Two values are equal when their hashes are. */
export function hashObject(value: unknown): string {
  return createHash("sha256").update(canonicalJson(value)).digest("hex");
}
