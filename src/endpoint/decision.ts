import type { Call } from "./call.ts";
import {
  endpointErrors,
  type EndpointErrorCode,
  type EndpointEventName,
  type Refusal,
} from "./endpoint-error.ts";
import type { Ruling } from "./rules/rules.ts";

/** What became of a request, and why: for the access log, for events, and for people who ask. */
export interface Decision {
  /** As in the manifest; null when no definition took the request. */
  readonly definition: string | null;
  readonly version: string | null;
  /** The name of the token that came, let in or not. */
  readonly token: string | null;
  /** The rule that ended the request's way; null when the action served it, or no definition was found. */
  readonly rule: string | null;
  /** The entry of the path lists that decided. */
  readonly pathEntry: string | null;
  /** Null when the request was served. */
  readonly code: EndpointErrorCode | null;
  /** What only the operator should know. */
  readonly reason: string | null;
}

/** What became of a request. The call is null when no definition took it, the ruling when no rule spoke. */
export function decisionOf(call: Call | null, ruling: Ruling | null, refusal: Refusal | null): Decision {
  return {
    definition: call?.definition.name ?? null,
    version: call?.version?.name ?? null,
    token: call?.tokenName ?? null,
    rule: ruling?.rule ?? null,
    pathEntry: call?.path.entry ?? null,
    code: refusal?.code ?? null,
    reason: refusal?.reason ?? null,
  };
}

/** The event that a refusal is, if any. */
export function eventOf(refusal: Refusal): EndpointEventName | null {
  const row = endpointErrors[refusal.code];
  return refusal.event ?? ("event" in row ? row.event : null);
}
