import type { Closeable } from "../closeable.ts";
import type { Log } from "../log.ts";
import type { LimitStore } from "../store/limits/limit-store.ts";
import type { Refusal } from "./endpoint-error.ts";
import { collectLastUse, type LastUseKeeper } from "./last-use.ts";
import { collectNotices } from "./limits/limit-notices.ts";
import type { ServedLimits } from "./limits/limit.ts";
import { createLimiter } from "./limits/limiter.ts";
import { shareLimits } from "./limits/share-limits.ts";
import type { Caller } from "./table/credential-table.ts";
import type { ServedDefinition } from "./table/served-definition.ts";

/** What endpoints keep of calls and share: last uses of credentials, hits on limits. A `Store` is one. */
export type UsageStore = LastUseKeeper & Pick<LimitStore, "shareHits" | "forgetLimits" | "raiseNotices">;

/** What is counted and noted of calls. Times are milliseconds since 1970. */
export interface CallUsage {
  /** Notes that a credential was presented. */
  readonly noteUse: (credentialId: number, at: number) => void;
  /** Counts a request of a token, or says why it can't be served: a limit of the token is reached. */
  readonly countToken: (caller: Caller, at: number) => Refusal | null;
  /** Counts a request to an API, or says why it can't be served: the limit of the API is reached. */
  readonly countApi: (definition: ServedDefinition, at: number) => Refusal | null;
}

/** Counting, and sharing what is counted. */
export interface SharedCallUsage extends CallUsage, Closeable {
  /** Begins to share; resolves when it is known what others have counted, or the store is away. */
  start(): Promise<void>;
}

/**
 * Counts calls in memory, and shares what it counted through the store every so often: no request waits
 * for it. Without a store this endpoint counts for itself.
 */
export function createCallUsage(options: {
  readonly store: UsageStore | null;
  readonly noticeInterval: number;
  /** Whether anything is limited at the moment. */
  readonly isLimited: () => boolean;
  readonly log: Log;
}): SharedCallUsage {
  const { store, noticeInterval, isLimited, log } = options;
  const limiter = createLimiter();
  const notices = collectNotices(noticeInterval);
  const lastUse = store && collectLastUse(store, log);
  const sharing = store && shareLimits({ limiter, notices, store, noticeInterval, isNeeded: isLimited, log });

  function count({ charges, notice }: ServedLimits, at: number): Refusal | null {
    if (charges.length === 0) return null;
    const exceeded = limiter.take(charges, at);
    if (!exceeded) return null;
    const { charge, freeAt } = exceeded;
    // A notice is about the rate limit; who has used up a quota can see that.
    if (notice && charge.code !== 2017) notices.raise(notice, at);
    return {
      code: charge.code,
      headers: { "retry-after": String(Math.max(1, Math.ceil((freeAt - at) / 1000))) },
    };
  }

  return {
    noteUse: (credentialId, at) => lastUse?.note(credentialId, at),
    countToken: (caller, at) => count(caller.limits, at),
    countApi: (definition, at) => count(definition.rateLimit, at),
    async start() {
      await sharing?.start();
    },
    async close() {
      await Promise.all([lastUse?.close(), sharing?.close()]);
    },
  };
}
