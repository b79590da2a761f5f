import type { ParsedDocument, ParsedFile, ParseOptions } from "../parsed-file.ts";
import type { Problem } from "../problem.ts";
import { readDocument } from "./read-document.ts";
import { readYaml } from "./read-yaml.ts";
import { type IndexedText, indexText, placeOfRange } from "./text-position.ts";

/**
 * Reads the manifests of one file. It never throws because of the text: what is wrong with it is in the
 * result, with its place. After a syntax error the rest of the file counts as unread.
 */
export function parseFile(path: string, text: string, options: ParseOptions): ParsedFile {
  const source = indexText(path, text.startsWith("\uFEFF") ? text.slice(1) : text);
  const stream = readYaml(source.text);
  if (!stream.documents) {
    const { start, end, code, message } = stream.fault;
    return { path, documents: [unread(source, start, end, code, message)] };
  }
  const documents: ParsedDocument[] = [];
  for (const yaml of stream.documents) {
    const { document, lostAt } = readDocument(source, yaml, { ...options, file: path });
    if (document) documents.push(document);
    if (lostAt === null) continue;
    const rest = restOf(source.text, lostAt);
    if (rest !== -1 && document?.status !== "unidentified")
      documents.push(unread(source, rest, rest + 1, "not-read", notRead));
    break;
  }
  return { path, documents };
}

/**
 * Where, after a syntax error, something begins that may belong to another document: a line that is not
 * indented. The text alone tells, since an open quote or a damaged separator misleads the parser.
 */
function restOf(text: string, offset: number): number {
  const unindented = /^[^\s#]/gm;
  unindented.lastIndex = offset;
  return unindented.exec(text)?.index ?? -1;
}

const notRead =
  "The rest of this file was not read, because of the syntax error before it: repair that first.";

function unread(
  source: IndexedText,
  start: number,
  end: number,
  code: string,
  message: string,
): ParsedDocument {
  const problem: Problem = {
    ...placeOfRange(source, start, end),
    code,
    severity: "error",
    message,
    path: "",
  };
  return { status: "unidentified", problems: [problem] };
}
