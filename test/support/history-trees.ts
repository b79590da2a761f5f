import { createHash } from "node:crypto";

import { assembleManifests } from "../../src/manifest/assemble.ts";
import { objectKey, type Identity, type ManifestSet } from "../../src/manifest/manifest.ts";
import { parseFile } from "../../src/manifest/parse/parse-file.ts";
import type { ParsedFile } from "../../src/manifest/parsed-file.ts";
import type { Problem } from "../../src/manifest/problem.ts";
import type { RandomCommit } from "./random-history.ts";

/** A manifest file of a commit; not parsed when it is none. */
export interface HistoryFile {
  readonly path: string;
  readonly text: string;
  readonly parsed: ParsedFile | null;
}

/** What a commit of a random history says, read in full. */
export interface HistoryTree {
  readonly files: readonly HistoryFile[];
  readonly digests: ReadonlyMap<string, string>;
  /** As the source would give it, but for the wording of problems. */
  readonly set: ManifestSet;
}

/** A document that stands for an object: where, and what it comes to. */
export interface Standing {
  readonly file: string;
  readonly state: string;
  /** What the document itself says, whatever is in the files that it refers to. */
  readonly text: string;
  readonly isBroken: boolean;
}

/** Reads every commit of a history in full, each once. */
export function readTrees(history: readonly RandomCommit[]): readonly HistoryTree[] {
  return history.map(({ files: all }) => {
    const regular = [...all].filter(([, { mode }]) => mode === "100644");
    const digests = new Map(regular.map(([path, { text }]) => [path, sha256(text)]));
    const files = [...all]
      .filter(([path]) => path.startsWith("apis/") && path.endsWith(".yaml"))
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([path, { mode, text }]) => ({
        path,
        text,
        parsed: mode === "100644" ? parseText(path, text) : null,
      }));
    const set = assembleManifests(
      files.flatMap(({ parsed }) => parsed ?? []),
      { digestOf: (path) => digests.get(path) },
    );
    const links = files.flatMap(({ path, parsed }) => (parsed ? [] : [path]));
    const unread = [...(files.length === 0 ? ["apis"] : []), ...links].map(unreadProblem);
    return { files, digests, set: { ...set, unidentified: [...unread, ...set.unidentified] } };
  });
}

/** The documents of a tree that stand for an object, or that are broken and have the name of its stored version. */
export function standingFor(
  { files, digests }: HistoryTree,
  object: Pick<Identity, "kind" | "id">,
  stored: Identity | null,
): readonly Standing[] {
  return files.flatMap(({ path, text, parsed }) =>
    (parsed?.documents ?? []).flatMap((document): Standing[] => {
      if (document.status === "unidentified") return [];
      const isOwn = objectKey(document) === objectKey(object);
      const isNamesake =
        document.status === "broken" && document.kind === stored?.kind && document.name === stored.name;
      if (!isOwn && !isNamesake) return [];
      if (document.status === "broken") {
        const { line, endLine, endColumn } = document.place;
        const lines = text.split("\n").slice(line - 1, endColumn === 1 ? endLine - 1 : endLine);
        const broken = `broken ${lines.join("\n").trim()}`;
        return [{ file: path, state: broken, text: broken, isBroken: true }];
      }
      const [good] = assembleManifests([{ path, documents: [document] }], {
        digestOf: (file) => digests.get(file),
      }).manifests;
      const { name, spec } = document;
      const said = `${name} ${JSON.stringify(spec)}`;
      return [{ file: path, state: good?.hash ?? `no script for ${said}`, text: said, isBroken: false }];
    }),
  );
}

/** The files that may hide an object: some of those named can't be read in full. */
export function unreadableOf({ files }: HistoryTree, paths: ReadonlySet<string>): readonly HistoryFile[] {
  return files.filter(
    ({ path, parsed }) =>
      paths.has(path) &&
      (parsed === null || parsed.documents.some(({ status }) => status === "unidentified")),
  );
}

const parsedTexts = new Map<string, ParsedFile>();

function parseText(path: string, text: string): ParsedFile {
  const key = `${path}\0${text}`;
  const parsed = parsedTexts.get(key) ?? parseFile(path, text, { routeBase: "/api/custom" });
  if (parsedTexts.size > 5000) parsedTexts.clear();
  parsedTexts.set(key, parsed);
  return parsed;
}

/** A link, or the folder of manifests when it is not there. */
function unreadProblem(file: string): Problem {
  const place = { file, line: 1, column: 1, endLine: 1, endColumn: 2 };
  return { ...place, code: "unread", severity: "error", message: "", path: "" };
}

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
