import type { PathRule } from "../manifest/api-definition.generated.ts";

/** What a pattern of a path list means; `flaw` when it is a regular expression, which no path is. */
export type Pattern =
  | { readonly path: string; readonly match: "exact" | "prefix"; readonly flaw?: never }
  | { readonly flaw: string };

/**
 * Reads a pattern of a path list (Dashboard facts 3.3). Gitway matches whole segments: a `$` at the end
 * makes it exact, `/*` stands for all below, `*` and `{name:…}` for one segment. A character after a
 * backslash stands for itself. Where a list opens paths, `/*` does not open the path above.
 */
export function readPattern(text: string, opens: boolean): Pattern {
  const escaped = text.replaceAll(/\\([^A-Za-z0-9])/g, (_, character: string) =>
    character === "/" ? "/" : `\0${character}`,
  );
  const begun = escaped.replace(/^\^(?=\/)/, "");
  const ended = begun.replace(/(?<=[^\0])\$$/, "");
  const parent = ended && (ended.replace(/\/\.?\*$/, opens ? "/{any}" : "") || "/");
  const plain = parent
    .replaceAll(/(?<=\/)\*(?=\/)/g, "{any}")
    .replaceAll(/\{([A-Za-z_][\w-]*):[^{}/]*\}/g, "{$1}");
  if (plain.split("/").some(isExpression))
    return { flaw: "must be made of segments and {name}: regular expressions are not taken" };
  const isExact = ended !== begun && parent === ended;
  return { path: plain.replaceAll("\0", ""), match: isExact ? "exact" : "prefix" };
}

/** What has a meaning in a regular expression, and hardly one in a path. */
const special = /[\\[\](){}|+?*^$]/g;
const placeholder = /^\{[^{}\\\0]*\}$/;

function isExpression(segment: string): boolean {
  return !placeholder.test(segment) && segment.replaceAll(/\0./g, "").search(special) !== -1;
}

/** The pattern for a path rule. */
export function writePattern({ path, match }: PathRule): string {
  const segments = path
    .split("/")
    .map((segment) => (placeholder.test(segment) ? segment : segment.replaceAll(special, String.raw`\$&`)));
  return segments.join("/") + (match === "exact" ? "$" : "");
}
