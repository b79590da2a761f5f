import { createHash } from "node:crypto";

import type { ServingCredential } from "../../store/credentials/credential-store.ts";
import type {
  ServingMark,
  ServingState,
  StoredDefinition,
  StoredToken,
} from "../../store/serving/serving-store.ts";

/** Raised when a reader of the form before could not read it. */
const format = 1;

/** A serving state as a snapshot had it. */
export interface SavedState {
  readonly state: ServingState;
  /** ISO 8601, UTC. */
  readonly savedAt: string;
}

/** A line of a snapshot: the first says what it is, the last that it is whole. */
interface Lines {
  readonly header: {
    readonly format: number;
    /** The store that it came from, as people name it. */
    readonly origin: string;
    readonly savedAt: string;
    readonly revision: number;
    readonly commit: string | null;
    readonly mark: ServingMark | null;
  };
  readonly definition: StoredDefinition;
  readonly token: StoredToken;
  readonly credential: ServingCredential;
  readonly blob: readonly [digest: string, text: string];
  readonly end: { readonly sha256: string };
}

/** Writes a serving state as lines of JSON, one at a time: secrets only by their hashes, as the store has them. */
export function* snapshotLines(state: ServingState, origin: string, savedAt: string): Generator<string> {
  const hash = createHash("sha256");
  const { revision, commit, mark = null } = state;
  for (const line of contentLines(state, { format, origin, savedAt, revision, commit, mark })) {
    hash.update(line);
    yield line;
  }
  yield lineOf("end", { sha256: hash.digest("hex") });
}

function* contentLines(state: ServingState, header: Lines["header"]): Generator<string> {
  yield lineOf("header", header);
  for (const definition of state.definitions) yield lineOf("definition", definition);
  for (const token of state.tokens) yield lineOf("token", token);
  for (const credential of state.credentials) yield lineOf("credential", credential);
  for (const blob of state.blobs) yield lineOf("blob", blob);
}

function lineOf<Kind extends keyof Lines>(kind: Kind, content: Lines[Kind]): string {
  return `${JSON.stringify([kind, content])}\n`;
}

/** Reads what `snapshotLines` wrote. Anything else is a `SnapshotError` that says what is wrong. */
export function parseSnapshot(text: string, origin: string): SavedState {
  const end = text.lastIndexOf("\n", text.length - 2) + 1;
  const content = text.slice(0, end);
  const sha256 = createHash("sha256").update(content).digest("hex");
  if (text.slice(end) !== lineOf("end", { sha256 })) throw new SnapshotError("it is not whole");
  const lines = content.trimEnd().split("\n");
  const header = headerOf(lines[0] ?? "");
  if (header.format !== format)
    throw new SnapshotError(`its form is ${header.format}, and ${format} is read`);
  if (header.origin !== origin) throw new SnapshotError(`it is of ${header.origin}, not of ${origin}`);
  return { state: stateOf(header, lines.slice(1)), savedAt: header.savedAt };
}

/** Why a snapshot can't be used. */
export class SnapshotError extends Error {
  override readonly name = "SnapshotError";
}

/** The checksum has said that the lines are as they were written. */
function headerOf(line: string): Lines["header"] {
  const [kind, header] = JSON.parse(line) as [string, Lines["header"]];
  if (kind !== "header") throw new SnapshotError("it has no header");
  return header;
}

function stateOf({ revision, commit, mark }: Lines["header"], lines: readonly string[]): ServingState {
  const definitions: StoredDefinition[] = [];
  const tokens: StoredToken[] = [];
  const credentials: ServingCredential[] = [];
  const blobs = new Map<string, string>();
  const readers: { readonly [kind: string]: (content: never) => unknown } = {
    definition: (content: StoredDefinition) => definitions.push(content),
    token: (content: StoredToken) => tokens.push(content),
    credential: (content: ServingCredential) => credentials.push(content),
    blob: ([digest, text]: Lines["blob"]) => blobs.set(digest, text),
  };
  for (const line of lines) {
    const [kind, content] = JSON.parse(line) as [string, never];
    readers[kind]?.(content);
  }
  return { revision, commit, definitions, tokens, credentials, blobs, ...(mark && { mark }) };
}
