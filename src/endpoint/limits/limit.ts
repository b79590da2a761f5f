import { caps } from "../../caps.ts";
import type { Quota, RateLimit } from "../../manifest/api-token.generated.ts";
import type { NewNotice } from "../../store/limits/limit-store.ts";
import { parseDuration } from "../../units.ts";
import type { EndpointErrorCode } from "../endpoint-error.ts";

/** So many hits within a sliding window. */
export interface Limit {
  readonly hits: number;
  /** Milliseconds. */
  readonly window: number;
}

/** A limit, and under which key its hits are counted. The key stays when the limit changes: so do the hits. */
export interface Charge {
  readonly key: string;
  readonly limit: Limit;
  /** The error of requests beyond the limit. */
  readonly code: EndpointErrorCode;
}

/** The limits of a token or an API, ready for counting. */
export interface ServedLimits {
  readonly charges: readonly Charge[];
  /** The notice to raise when the rate limit is hit; null when nobody wants one. */
  readonly notice: NewNotice | null;
}

/** What a limit is on: the first part of its key, and its error. */
const errors = { rate: 1014, quota: 2017, api: 2018 } as const satisfies Record<string, EndpointErrorCode>;

const longestWindow = parseDuration(caps.limitWindow);

/** Of what has none. */
export const noLimits: ServedLimits = { charges: [], notice: null };

/** The limits of a token. */
export function tokenLimits(
  id: string,
  { rateLimit, quota }: { readonly rateLimit?: RateLimit; readonly quota?: Quota },
): ServedLimits {
  const charges = [
    ...(rateLimit ? [chargeOf("rate", id, rateLimit)] : []),
    ...(quota ? [chargeOf("quota", id, quota)] : []),
  ];
  return { charges, notice: noticeOf("ApiToken", id, rateLimit) };
}

/** The limit of an API, for all its callers together. */
export function apiLimits(id: string, { rateLimit }: { readonly rateLimit?: RateLimit }): ServedLimits {
  const charges = rateLimit ? [chargeOf("api", id, rateLimit)] : [];
  return { charges, notice: noticeOf("ApiDefinition", id, rateLimit) };
}

/** The charge of a limit as a manifest writes it. */
export function chargeOf(kind: keyof typeof errors, id: string, { limit, window }: Quota): Charge {
  return {
    key: `${kind}/${id}`,
    limit: { hits: limit, window: Math.min(parseDuration(window), longestWindow) },
    code: errors[kind],
  };
}

function noticeOf(kind: NewNotice["kind"], objectId: string, rateLimit?: RateLimit): NewNotice | null {
  if (!rateLimit?.notice) return null;
  return { kind, objectId, limit: rateLimit.limit, window: parseDuration(rateLimit.window) };
}
