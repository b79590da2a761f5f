import { createHash } from "node:crypto";
import { dirname } from "node:path/posix";

import { assembleManifests } from "../../manifest/assemble.ts";
import { objectKey } from "../../manifest/manifest.ts";
import type { ParsedFile } from "../../manifest/parsed-file.ts";
import type { Problem } from "../../manifest/problem.ts";
import { marksOf } from "../../plan/dependencies.ts";
import { createCache, type Cache } from "../cache.ts";
import type { ObjectReader } from "../git/object-reader.ts";
import type { FileEntry } from "../git/step.ts";
import { chunks, isFile } from "../git/tree.ts";
import type { ParsePool } from "../parse/parse-pool.ts";
import { filesAtOnce } from "../parse/parse-texts.ts";
import type { ParseOutcome, SourceText } from "../parse/parse-thread.ts";
import { fileProblem } from "../parse/source-problem.ts";
import { manifestText } from "./file-content.ts";

/** What a document says about an object, without where it stands. */
export interface DocumentFacts {
  /** As `objectKey` gives it. */
  readonly key: string;
  /** Kind and name, for a broken document that stands for the object of its name. */
  readonly nameKey: string;
  /** By what it meets other documents, as `marksOf` gives it. */
  readonly marks: readonly string[];
  /** The files that its state depends on. */
  readonly files: readonly string[];
  /** Its text when it is broken, as a digest: that is all that can be said about it. */
  readonly broken: string | null;
  /** Its state: the hash of the object, or `broken:` and a digest. */
  state(digestOf: (path: string) => string | null): string;
}

/** What a manifest file says. */
export interface FileFacts {
  readonly documents: readonly DocumentFacts[];
  /** Whether a part of it, or all, has no readable identity. */
  readonly unreadable: boolean;
}

/** A manifest file of some commit. */
export interface ManifestFile {
  readonly path: string;
  readonly entry: FileEntry;
}

const nothingReadable: FileFacts = { documents: [], unreadable: true };

/** Reads what manifest files of any commit say. Each content of a folder is parsed once. */
export interface FactsReader {
  read(files: readonly ManifestFile[]): Promise<readonly FileFacts[]>;
  /** The text, when it is one: to look into before it is parsed. Null when it is known already. */
  text(file: ManifestFile): Promise<string | null>;
  /** Takes over what has been parsed elsewhere. */
  remember(file: ManifestFile, outcome: ParseOutcome): void;
}

/** What facts are read with. */
export interface FactsReading {
  readonly objects: ObjectReader;
  readonly pool: ParsePool;
  /** What contents said when they were read before. */
  readonly knownFacts: Cache<FileFacts>;
}

/** Documents whose facts are remembered from one reading to the next. */
const mostDocuments = 10_000;

/** Facts of contents that were read, to be read no second time. */
export function createFactsCache(): Cache<FileFacts> {
  return createCache(mostDocuments, ({ documents }) => 1 + documents.length);
}

/** Reads contents of the mirror. */
export function createFactsReader({ objects, pool, knownFacts }: FactsReading): FactsReader {
  const known = new Map<string, FileFacts>();

  /** Whether the facts of a file are at hand. */
  function isKnown(key: string): boolean {
    const facts = known.get(key) ?? knownFacts.get(key);
    if (facts) known.set(key, facts);
    return facts !== undefined;
  }

  function keep(key: string, facts: FileFacts): void {
    known.set(key, facts);
    knownFacts.set(key, facts);
  }

  async function read(files: readonly ManifestFile[]): Promise<readonly FileFacts[]> {
    const unknown = new Map<string, ManifestFile>();
    for (const file of files) if (!isKnown(keyOf(file))) unknown.set(keyOf(file), file);
    for (const [key, { entry }] of unknown) {
      if (isFile(entry)) continue;
      known.set(key, nothingReadable);
      unknown.delete(key);
    }
    for (const some of chunks([...unknown.values()], filesAtOnce)) await parse(some);
    return files.map((file) => known.get(keyOf(file)) ?? nothingReadable);
  }

  async function parse(files: readonly ManifestFile[]): Promise<void> {
    const texts = await Promise.all(files.map((file) => textOf(objects, file)));
    const readable = texts.filter((text) => "text" in text);
    const outcomes = await pool.parse(readable);
    let next = 0;
    for (const [index, file] of files.entries()) {
      const text = texts[index];
      const outcome = text && "text" in text ? outcomes[next++] : undefined;
      // What was not parsed may be the next time.
      if (text && "text" in text && outcome?.parsed) keep(keyOf(file), factsOf(outcome, text.text));
      else known.set(keyOf(file), nothingReadable);
    }
  }

  async function text(file: ManifestFile): Promise<string | null> {
    if (isKnown(keyOf(file)) || !isFile(file.entry)) return null;
    const found = await textOf(objects, file);
    return "text" in found ? found.text : "";
  }

  function remember(file: ManifestFile, outcome: ParseOutcome): void {
    if (isKnown(keyOf(file))) return;
    if (outcome.parsed) rememberFacts(knownFacts, file, outcome);
    else known.set(keyOf(file), nothingReadable);
  }

  return { read, text, remember };
}

/** Keeps what has been parsed elsewhere, but for broken documents: they count with their text. */
export function rememberFacts(knownFacts: Cache<FileFacts>, file: ManifestFile, outcome: ParseOutcome): void {
  const isWhole = outcome.parsed?.documents.every(({ status }) => status !== "broken") ?? false;
  if (isWhole) knownFacts.set(keyOf(file), factsOf(outcome, ""));
}

/** A file refers to others relative to its folder; its own name changes nothing. */
function keyOf({ path, entry }: ManifestFile): string {
  return `${entry.mode} ${entry.id} ${dirname(path)}`;
}

/** The text of a manifest at some commit, or why there is none. */
export async function textOf(
  objects: ObjectReader,
  { path, entry }: ManifestFile,
): Promise<SourceText | Problem> {
  const answer = await objects.read(entry.id);
  if (answer.status === "content") return manifestText(path, answer.content);
  return fileProblem(path, "unreadable", `Object ${entry.id} can't be read.`);
}

function factsOf(outcome: ParseOutcome, text: string): FileFacts {
  if (!outcome.parsed) return nothingReadable;
  const { path, documents } = outcome.parsed;
  return {
    documents: documents.flatMap((document) => documentFacts(path, document, text) ?? []),
    unreadable: documents.some(({ status }) => status === "unidentified"),
  };
}

function documentFacts(
  path: string,
  document: ParsedFile["documents"][number],
  text: string,
): DocumentFacts | null {
  if (document.status === "unidentified") return null;
  const identity = {
    key: objectKey(document),
    nameKey: `${document.kind} ${document.name}`,
    marks: marksOf(document),
  };
  if (document.status === "broken") {
    const broken = digest(slice(text, document.place));
    return { ...identity, files: [], broken, state: always(`broken:${broken}`) };
  }
  const files = [...new Set(document.fileReferences.map(({ file }) => file))];
  const state = (digestOf: (path: string) => string | null) => goodState(path, document, digestOf);
  if (files.length > 0) return { ...identity, files, broken: null, state };
  return { ...identity, files, broken: null, state: always(state(() => null)) };
}

/** Holds on to the value alone, not to the document that it comes from. */
function always<T>(value: T): () => T {
  return () => value;
}

/** The hash of the object, unless a file that it needs is not there. */
function goodState(
  path: string,
  document: ParsedFile["documents"][number],
  digestOf: (path: string) => string | null,
): string {
  const files = [{ path, documents: [document] }];
  const own = (file: string) => digestOf(file) ?? undefined;
  const [manifest] = assembleManifests(files, { digestOf: own }).manifests;
  if (manifest) return manifest.hash;
  const missing: string[] = [];
  const [filled] = assembleManifests(files, {
    digestOf: (file) => own(file) ?? (missing.push(file), "0".repeat(64)),
  }).manifests;
  return `broken:${filled?.hash} ${missing.join(" ")}`;
}

interface Range {
  readonly line: number;
  readonly column: number;
  readonly endLine: number;
  readonly endColumn: number;
}

/** The text of a range, without the white space around it. */
function slice(text: string, { line, column, endLine, endColumn }: Range): string {
  const lines = text
    .replace(/^\uFEFF/, "")
    .split(/\r\n|\n|\r/)
    .slice(line - 1, endLine);
  const last = lines.length - 1;
  return lines
    .map((content, index) =>
      content.slice(index === 0 ? column - 1 : 0, index === last ? endColumn - 1 : undefined),
    )
    .join("\n")
    .trim();
}

function digest(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
