import { type Document, type ErrorCode, visit, type YAMLError } from "yaml";

import type { Fault } from "./read-yaml.ts";

/** Our words where the library's say too little about what to do. */
const sentences: Partial<Record<ErrorCode, string>> = {
  BAD_ALIAS: "The alias or anchor has no usable name: write the value out.",
  BAD_DIRECTIVE: "Only the directive '%YAML 1.2' is known: remove this line.",
  BAD_INDENT: "The indentation fits no level above: line it up with the fields beside it.",
  BLOCK_AS_IMPLICIT_KEY:
    "A value can't go on like this on the same line: put it in quotes, or on a line of its own.",
  KEY_OVER_1024_CHARS: "The key is too long: keep it below 1024 characters.",
  MULTILINE_IMPLICIT_KEY:
    "The line before is no 'key: value', or it misses its colon or closing quote: complete it.",
  NON_STRING_KEY: "A key must be plain text: put it in quotes if it is text.",
  TAB_AS_INDENT: "Tabs are not allowed as indentation: use spaces.",
  TAG_RESOLVE_FAILED: "YAML tags such as '!name' are not used in manifests: write the plain value.",
  UNEXPECTED_TOKEN: "This does not belong here: check the quotes, brackets and indentation around it.",
};

/** The first thing in a document that is not YAML, or not the YAML that manifests are written in. */
export function syntaxFault(document: Document.Parsed): Fault | null {
  const { yaml: version } = document.directives;
  if (version.explicit && version.version !== "1.2") {
    const [start] = document.range;
    const message = "Manifests are YAML 1.2: remove the directive before this document.";
    return { start, end: start + 1, code: "yaml-syntax", message };
  }
  const first = firstOf([...document.errors, ...document.warnings]);
  if (!first) return null;
  if (first.message.startsWith("Missing closing")) return openQuote(document, first.pos[0]);
  const code = first.code === "TAG_RESOLVE_FAILED" ? "yaml-tag" : "yaml-syntax";
  const message = sentences[first.code] ?? `${first.message}: correct the line.`;
  return { start: first.pos[0], end: first.pos[1], code, message };
}

function firstOf(errors: readonly YAMLError[]): YAMLError | undefined {
  let first = errors[0];
  for (const error of errors) if (first && error.pos[0] < first.pos[0]) first = error;
  return first;
}

/** The library points at the end of the text that a quote leaves open. What helps is its beginning. */
function openQuote(document: Document.Parsed, end: number): Fault {
  let start = end;
  visit(document, {
    Scalar(_, { type, range }) {
      const isOpen = range && range[0] < end && range[1] >= end && type?.startsWith("QUOTE");
      if (!isOpen) return undefined;
      start = range[0];
      return visit.BREAK;
    },
  });
  const message = "The quote that begins here is never closed on this level: close it.";
  return { start, end: start + 1, code: "yaml-syntax", message };
}
