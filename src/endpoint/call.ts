import type { IncomingMessage } from "node:http";

import type { CallUsage } from "./call-usage.ts";
import type { Answer } from "./http/begin-answer.ts";
import type { Upgrade } from "./http/handshake.ts";
import type { RequestTarget } from "./http/request-target.ts";
import type { Caller, TokenFault } from "./table/credential-table.ts";
import type { PathVerdict } from "./table/path-lists.ts";
import type { ServedDefinition } from "./table/served-definition.ts";
import type { ChosenVersion, ServedVersion } from "./table/served-versions.ts";

/** A request that has found its definition: what the rules judge and the actions serve. */
export interface Call extends Answer {
  /** What the request goes by in the log, in the answer and upstream. */
  readonly id: string;
  readonly request: IncomingMessage;
  readonly target: RequestTarget;
  readonly definition: ServedDefinition;
  /** Whether it came to where the definition takes batches. */
  readonly isBatch: boolean;
  /** Whether the path names the API by its `api_id`, which is never stripped. */
  readonly isById: boolean;
  /** The placeholders of the route, exactly as they came. */
  readonly parameters: Readonly<Record<string, string>>;
  /** How many segments of the path are the route, listen path or `api_id`. */
  readonly depth: number;
  /** What follows: empty, or with a leading slash. Without the version, when that is stripped. */
  readonly rest: string;
  /** The path below the base, or null outside it. */
  readonly routeSegments: readonly string[] | null;
  /** How `rest` begins when the path names the version and keeps it: empty, or with a leading slash. */
  readonly versionPath: string;
  /** The version that is asked for; null without versions, or with a fault. */
  readonly version: ServedVersion | null;
  readonly versionFault: ChosenVersion["fault"];
  /** What the path lists say of it. */
  readonly path: PathVerdict;
  /** Where the request came from. Empty when a trusted proxy doesn't know. */
  readonly clientAddress: string;
  /** Whether a trusted proxy handed it on, whose word about host and scheme counts. */
  readonly isHandedOn: boolean;
  /** The connection, when the request opens a WebSocket; else null. */
  readonly upgrade: Upgrade | null;
  /** Whose token the request carries, or null. */
  readonly caller: Caller | null;
  /** The name of the token that the request carries, let in or not; null when it is none that is known. */
  readonly tokenName: string | null;
  /** What is wrong with a token that is known; null when nothing is, or it isn't known. */
  readonly tokenFault: TokenFault | null;
  /** Whether the request carries something in the place of a token. */
  readonly tokenPresented: boolean;
  /** What middleware changed about the headers that go on to the action. */
  readonly edits: HeaderEdits;
  /** Where calls are counted; null when this one is only asked about. */
  readonly usage: CallUsage | null;
  /** Milliseconds since 1970. */
  readonly receivedAt: number;
}

/** Changes of the headers of a call. */
export interface HeaderEdits {
  /** In lower case; those that were set are among them. */
  readonly removed: ReadonlySet<string>;
  readonly set: readonly (readonly [name: string, value: string])[];
}

/** A call as it came. */
export const noEdits: HeaderEdits = { removed: new Set(), set: [] };
