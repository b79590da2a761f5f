import { Scalar } from "yaml";

/** A value as YAML: what follows the key or dash, and the lines below, which are not indented yet. */
export interface ScalarText {
  readonly first: string;
  readonly rest: readonly string[];
}

/** Where a scalar goes, and how the one before it was written. */
export interface ScalarPlace {
  readonly flow: boolean;
  /** Keys and texts are in double quotes here, as in JSON. */
  readonly quoted?: boolean;
  /** The style of the scalar that is replaced. */
  readonly style?: Scalar.Type | undefined;
  /** The value that is replaced. */
  readonly was?: unknown;
}

/** Writes a scalar in the style of the one before it where the value permits, else as a person would. */
export function writeScalar(value: unknown, place: ScalarPlace): ScalarText {
  if (typeof value !== "string") return inline(JSON.stringify(value));
  for (const style of stylesFor(value, place)) {
    const text = writers[style](value, place);
    if (text) return text;
  }
  return inline(doubleQuoted(value));
}

/** A key, or a text within a line of flow style. */
export function writeKey(key: string, place: ScalarPlace): string {
  return writeScalar(key, { ...place, flow: true, was: undefined }).first;
}

type Style = "plain" | "single" | "double" | "literal" | "folded";

function stylesFor(value: string, { style, was, quoted }: ScalarPlace): readonly Style[] {
  if (style === Scalar.BLOCK_LITERAL) return ["literal"];
  if (style === Scalar.BLOCK_FOLDED) return ["folded", "literal"];
  const wasLong = typeof was === "string" && hasLines(was);
  if (quoted || (style === Scalar.QUOTE_DOUBLE && wasLong)) return ["double"];
  const long: readonly Style[] = hasLines(value) ? ["literal"] : [];
  if (style === Scalar.QUOTE_DOUBLE) return [...long, "double"];
  if (style === Scalar.QUOTE_SINGLE) return [...long, "single"];
  // Neither needs the escapes that JSON would have in double quotes.
  if (/^[^\n]*["\\][^\n]*\n?$/.test(value)) return ["plain", value.endsWith("\n") ? "literal" : "single"];
  return [...long, "plain"];
}

/** Whether a text has more than one line. */
function hasLines(text: string): boolean {
  return /\n./s.test(text);
}

type Writer = (value: string, place: ScalarPlace) => ScalarText | null;

/** Each writes a text in its style, or says that it can't be written so. */
const writers: Readonly<Record<Style, Writer>> = {
  plain: (value, { flow, style }) =>
    isPlain(value, flow) && (style === Scalar.PLAIN || !looksLikeOldYaml(value)) ? inline(value) : null,
  single: (value) => (isPrintable(value) ? inline(`'${value.replaceAll("'", "''")}'`) : null),
  double: (value) => inline(doubleQuoted(value)),
  literal: (value, { flow }) => (flow || !fitsBlock(value) ? null : block("|", value, linesOf(value))),
  folded: (value, { flow }) => {
    const lines = linesOf(value);
    if (flow || !fitsBlock(value) || lines.some((line) => /^\s|^$/.test(line))) return null;
    return block(
      ">",
      value,
      lines.flatMap((line, index) => (index === 0 ? [line] : ["", line])),
    );
  },
};

function inline(first: string): ScalarText {
  return { first, rest: [] };
}

function block(indicator: string, value: string, rest: readonly string[]): ScalarText {
  return { first: value.endsWith("\n") ? indicator : `${indicator}-`, rest };
}

function linesOf(value: string): string[] {
  return value.replace(/\n$/, "").split("\n");
}

/** Whether a text can be a block scalar without an indicator for its indentation or trailing lines. */
function fitsBlock(value: string): boolean {
  const lines = linesOf(value);
  return (
    /^[^\s]/.test(value) &&
    !value.endsWith("\n\n") &&
    lines.every((line) => isPrintable(line.replaceAll("\t", "")) && !/^\s+$/.test(line))
  );
}

function isPlain(value: string, flow: boolean): boolean {
  return (
    /^(?:[^\s\-?:,[\]{}#&*!|>'"%@`=]|-[^\s\-,[\]{}])/.test(value) &&
    value.trim() === value &&
    isPrintable(value) &&
    !/: |:$| #/.test(value) &&
    !/^\.\.\.|^-$/.test(value) &&
    !(flow && /[,[\]{}]/.test(value)) &&
    !resolvesToOther.test(value)
  );
}

/** Plain texts that YAML 1.2 reads as something else than text. */
const resolvesToOther =
  /^(?:~|null|true|false|[-+]?[0-9]+|0o[0-7]+|0x[0-9a-f]+|[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:e[-+]?[0-9]+)?|[-+]?\.inf|\.nan)$/i;

/** Plain texts that other tools, which read YAML 1.1, would take for a boolean, a moment or a number. */
function looksLikeOldYaml(value: string): boolean {
  return /^(?:y|n|yes|no|on|off|<<|\d{4}-\d\d?-\d\d?.*|[-+]?\d[\d_]*(?::\d+)*(?:\.[\d_]*)?)$/i.test(value);
}

/** Whether a text shows as it is: no control characters, line separators or invisible marks, but joiners. */
function isPrintable(text: string): boolean {
  return !unprintable.test(text);
}

const unprintable = /(?![\u200c\u200d])[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\ufffe\uffff]/u;

/** JSON is YAML; what JSON leaves as it is and does not show is escaped too. */
function doubleQuoted(value: string): string {
  return JSON.stringify(value).replaceAll(new RegExp(unprintable.source, "gu"), (character) => {
    const code = character.codePointAt(0) ?? 0;
    return code > 0xffff
      ? `\\U${code.toString(16).padStart(8, "0")}`
      : `\\u${code.toString(16).padStart(4, "0")}`;
  });
}
