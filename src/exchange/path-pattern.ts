import type { PathRule } from "../manifest/api-definition.generated.ts";

/** A pattern of the Dashboard API as an entry of a path list: its path, and whether that is all it takes. */
type Pattern = Pick<PathRule, "path" | "match">;

const expression = /[*+?()[\]|\\^$]/;

/**
 * What a pattern means in whole segments; null for a regular expression. `^` is where paths begin anyway, `$`
 * ends one, `{name:…}` and a star in the middle fill a segment, and a star at the end stands for all below
 * (Gateway rules 3.3). Where a pattern opens paths, that star does not open the path above it.
 */
export function readPattern(text: string, opens: boolean): Pattern | null {
  const exact = text.endsWith("$");
  const path = text
    .replace(/^\^/, "")
    .replace(/\$$/, "")
    .replaceAll(/\{([^{}:/]+):[^{}/]*\}/g, "{$1}")
    .replaceAll(/\/\.?\*(?=\/)/g, "/{any}")
    .replace(/\/\.?\*$/, opens ? "/{any}" : "");
  if (expression.test(path)) return null;
  return { path: path === "" && text !== "" ? "/" : path, ...(exact ? { match: "exact" } : {}) };
}

/** The pattern of an entry. */
export function writePattern({ path, match }: Pattern): string {
  return match === "exact" ? `${path}$` : path;
}
