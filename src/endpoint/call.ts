import type { IncomingMessage, ServerResponse } from "node:http";

import type { Caller } from "./credential-table.ts";
import type { RequestTarget } from "./request-target.ts";
import type { ServedDefinition } from "./served-definition.ts";

/** A request that has found its definition: what the rules judge and the actions serve. */
export interface Call {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly target: RequestTarget;
  readonly definition: ServedDefinition;
  /** The placeholders of the route, exactly as they came. */
  readonly parameters: Readonly<Record<string, string>>;
  /** What follows the route or listen path: empty, or with a leading slash. */
  readonly rest: string;
  /** The path below the base, or null outside it. */
  readonly routeSegments: readonly string[] | null;
  /** The peer of the connection. Forwarded headers are not believed. */
  readonly clientAddress: string;
  /** Whose token the request carries, or null. */
  readonly caller: Caller | null;
  /** Whether the request carries something in the place of a token. */
  readonly tokenPresented: boolean;
  /** Milliseconds since 1970. */
  readonly receivedAt: number;
}
