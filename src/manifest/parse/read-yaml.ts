import { Composer, CST, type Document, Lexer, Parser } from "yaml";

/** Something in a text that can't be read as a manifest. Offsets count UTF-16 units. */
export interface Fault {
  readonly start: number;
  readonly end: number;
  readonly code: string;
  readonly message: string;
}

/** The documents of a text, or why there is no telling. */
export type YamlStream =
  | { readonly documents: readonly Document.Parsed[] }
  | { readonly documents: null; readonly fault: Fault };

/** Law 8: what a file may ask of the parser. The counts are of one file. */
export const yamlLimits = {
  characters: 8 * 1024 * 1024,
  depth: 64,
  nodes: 100_000,
  lexemes: 300_000,
  aliases: 100,
  documents: 5000,
  errors: 100,
  blankTabs: 5000,
  triviaCost: 20_000_000,
} as const;

const advice = {
  characters: "the file is longer than 8 Mi characters: split it into several files",
  depth: `more than ${yamlLimits.depth} levels of nesting: make it flatter`,
  nodes: "more than 100,000 keys and values in one file: split it into several files",
  lexemes: "more than 300,000 words and marks in one file: split it into several files",
  aliases: `more than ${yamlLimits.aliases} aliases in one file: write the values out`,
  documents: "more than 5,000 documents in one file: split it into several files",
  errors: "more than 100 syntax errors: this does not look like YAML",
  blankTabs: "more than 5,000 blank lines with tabs in texts: remove the tabs",
  triviaCost: "too many comments and blank lines in a row: leave some out",
} as const satisfies Record<keyof typeof yamlLimits, string>;

/**
 * Keys are text and duplicates are our own business (the library compares each key with each other one).
 * A core schema without merge keys, custom tags or the types of YAML 1.1.
 */
const composing = {
  version: "1.2",
  schema: "core",
  merge: false,
  resolveKnownTags: false,
  stringKeys: true,
  uniqueKeys: false,
  prettyErrors: false,
  logLevel: "silent",
} as const;

/**
 * Splits a text into YAML documents, within limits: the text goes to the parser word by word, so that it
 * stops before nesting, size or the library's own costs get out of hand. No alias is expanded here. An edit
 * needs the words too, which `keepSourceTokens` leaves at the nodes.
 */
export function readYaml(text: string, options: { readonly keepSourceTokens?: boolean } = {}): YamlStream {
  if (text.length > yamlLimits.characters) return refusal("characters", 0);
  const control = findControlCharacter(text);
  if (control) return { documents: null, fault: control };
  const stackTraces = Error.stackTraceLimit;
  try {
    // The library makes an Error for each fault that it finds, and there may be very many.
    Error.stackTraceLimit = 0;
    return compose(text, options.keepSourceTokens ?? false);
  } finally {
    Error.stackTraceLimit = stackTraces;
  }
}

function compose(text: string, keepSourceTokens: boolean): YamlStream {
  const lexer = new Lexer();
  const parser = new Parser();
  const composer = new Composer({ ...composing, keepSourceTokens });
  const documents: Document.Parsed[] = [];
  const meter = newMeter();
  for (const lexeme of lexer.lex(text)) {
    const exceeded = measure(meter, lexeme, parser.stack.length);
    if (exceeded) return refusal(exceeded, meter.offset - lexeme.length);
    for (const token of parser.next(lexeme)) {
      if (token.type === "error" && ++meter.errors > yamlLimits.errors)
        return refusal("errors", token.offset);
      documents.push(...composer.next(token));
    }
    if (documents.length > yamlLimits.documents) return refusal("documents", meter.offset);
  }
  for (const token of parser.end()) documents.push(...composer.next(token));
  documents.push(...composer.end(true, text.length));
  return { documents };
}

function refusal(limit: keyof typeof yamlLimits, offset: number): YamlStream {
  const fault = {
    start: offset,
    end: offset + 1,
    code: "yaml-limit",
    message: `There are ${advice[limit]}.`,
  };
  return { documents: null, fault: limit === "characters" ? { ...fault, message: longFile } : fault };
}

const longFile = "The file is longer than 8 Mi characters: split it into several files.";

interface Meter {
  offset: number;
  lexemes: number;
  nodes: number;
  aliases: number;
  errors: number;
  /** Lines of texts that hold white space alone, and a tab: the library may report each of them. */
  blankTabs: number;
  /** White space, line ends and comments since the last other word. */
  trivia: number;
  triviaCost: number;
  /** The next word is the text of a scalar, whatever it looks like. */
  inScalar: boolean;
  /** The last word ended a node, so that a colon or comma after it makes none of its own. */
  afterNode: boolean;
}

function newMeter(): Meter {
  return {
    offset: 0,
    lexemes: 0,
    nodes: 0,
    aliases: 0,
    errors: 0,
    blankTabs: 0,
    trivia: 0,
    triviaCost: 0,
    inScalar: false,
    afterNode: false,
  };
}

/** Words without width, by which the lexer talks to the parser. */
const marks = new Set<CST.TokenType | null>(["doc-mode", "flow-error-end", "scalar"]);
const trivial = new Set<CST.TokenType | null>(["space", "newline", "comment"]);
const joints = new Set<CST.TokenType | null>(["map-value-ind", "comma"]);
const closing = new Set<CST.TokenType | null>(["flow-map-end", "flow-seq-end"]);
const nodeEnds = new Set<CST.TokenType | null>([
  "scalar",
  "single-quoted-scalar",
  "double-quoted-scalar",
  "alias",
  ...closing,
]);

/** Counts one word; says which limit it goes beyond. */
function measure(meter: Meter, lexeme: string, depth: number): keyof typeof yamlLimits | null {
  const type = meter.inScalar ? "scalar" : CST.tokenType(lexeme);
  if (meter.inScalar) meter.blankTabs += lexeme.match(/\n *\t[ \t]*(?=\r?\n)/g)?.length ?? 0;
  else if (marks.has(type)) {
    meter.inScalar = type === "scalar";
    return null;
  }
  meter.inScalar = false;
  meter.offset += lexeme.length;
  meter.lexemes++;
  if (trivial.has(type)) countTrivia(meter, type === "comment");
  else countWord(meter, type);
  return exceeded(meter, depth);
}

function countTrivia(meter: Meter, isComment: boolean): void {
  meter.trivia++;
  // For a comment, the parser may walk over all that precedes it since the last word.
  if (isComment) meter.triviaCost += meter.trivia;
}

function countWord(meter: Meter, type: CST.TokenType | null): void {
  meter.trivia = 0;
  const joins = joints.has(type) && meter.afterNode;
  if (!joins && !closing.has(type)) meter.nodes++;
  if (type === "alias") meter.aliases++;
  meter.afterNode = nodeEnds.has(type);
}

function exceeded(meter: Meter, depth: number): keyof typeof yamlLimits | null {
  // The parser's stack also holds the document and the scalar at hand.
  if (depth > yamlLimits.depth + 2) return "depth";
  if (meter.nodes > yamlLimits.nodes) return "nodes";
  if (meter.lexemes > yamlLimits.lexemes) return "lexemes";
  if (meter.aliases > yamlLimits.aliases) return "aliases";
  if (meter.blankTabs > yamlLimits.blankTabs) return "blankTabs";
  if (meter.triviaCost > yamlLimits.triviaCost) return "triviaCost";
  return null;
}

/** YAML 1.2, 5.1: printable characters only. The lexer uses some of the others for itself. */
function findControlCharacter(text: string): Fault | null {
  // oxlint-disable-next-line no-control-regex -- that is what this looks for
  const match = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f\ufffe\uffff]/.exec(text);
  if (!match) return null;
  const code = match[0].charCodeAt(0).toString(16).toUpperCase().padStart(4, "0");
  const message = `The character U+${code} is not allowed in YAML: remove it, or write it as an escape in double quotes.`;
  return { start: match.index, end: match.index + 1, code: "invalid-character", message };
}
