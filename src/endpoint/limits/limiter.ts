import type { NewHits, SharedHits } from "../../store/limits/limit-store.ts";
import { addHit, createHitLog, forgetHits, freeAt, type HitLog } from "./hit-log.ts";
import {
  applyTotal,
  createHitShare,
  forgetSlices,
  hitsOfOthers,
  type HitShare,
  noteHit,
  settleHits,
  takePending,
} from "./hit-share.ts";
import type { Charge, Limit } from "./limit.ts";

/** A limit that is reached. */
export interface Exceeded {
  readonly charge: Charge;
  /** When the next hit would pass if there were none in between. Milliseconds since 1970. */
  readonly freeAt: number;
}

/** Counts hits in sliding windows, those of other endpoints included as far as they are known. */
export interface Limiter {
  /**
   * Counts a hit on each of the charges, or on none when a limit is reached: what was refused does not
   * count, so that waiting as long as one is told to is enough.
   */
  readonly take: (charges: readonly Charge[], now: number) => Exceeded | null;
  /** The hits that the others have to hear of. They are on their way until `shared` or `notShared`. */
  readonly unshared: () => NewHits[];
  readonly shared: (totals: readonly SharedHits[]) => void;
  readonly notShared: () => void;
  /** Forgets what no window reaches any more. */
  readonly sweep: (now: number) => void;
}

/** Entries that a window is kept in, whatever its limit. Up to this limit each hit has its own: the count is exact. */
const mostEntries = 256;

/** Windows in milliseconds from which on hits are shared: shorter ones are over before the others hear of it. */
const shortestShared = 2000;

interface Account {
  readonly own: HitLog;
  others: HitLog;
  readonly share: HitShare;
  window: number;
}

/** A limiter without hits. */
export function createLimiter(): Limiter {
  const accounts = new Map<string, Account>();
  const unshared = new Set<string>();
  let sending: readonly string[] = [];

  function take(charges: readonly Charge[], now: number): Exceeded | null {
    for (const charge of charges) {
      const { own, others } = upToDate(accountOf(charge.key), charge.limit, now);
      const { hits, window } = charge.limit;
      if (own.total + others.total >= hits) return { charge, freeAt: freeAt(own, others, hits, window) };
    }
    for (const { key, limit } of charges) count(key, limit, now);
    return null;
  }

  function count(key: string, limit: Limit, now: number): void {
    const account = accountOf(key);
    addHit(account.own, now, limit.hits <= mostEntries ? 0 : limit.window / mostEntries);
    if (limit.window < shortestShared) return;
    noteHit(account.share, now, limit.window);
    unshared.add(key);
  }

  function accountOf(key: string): Account {
    const known = accounts.get(key);
    if (known) return known;
    const account = { own: createHitLog(), others: createHitLog(), share: createHitShare(), window: 0 };
    accounts.set(key, account);
    return account;
  }

  function takeUnshared(): NewHits[] {
    sending = [...unshared];
    unshared.clear();
    return sending.flatMap((key) => {
      const { share, window } = accountOf(key);
      return takePending(share, key, window);
    });
  }

  function shared(totals: readonly SharedHits[]): void {
    for (const key of sending) settleHits(accountOf(key).share, true);
    for (const total of totals) applyTotal(accountOf(total.key).share, total);
    for (const key of new Set([...sending, ...totals.map(({ key }) => key)])) {
      const account = accountOf(key);
      account.others = hitsOfOthers(account.share);
    }
    sending = [];
  }

  function notShared(): void {
    for (const key of sending) {
      settleHits(accountOf(key).share, false);
      unshared.add(key);
    }
    sending = [];
  }

  function sweep(now: number): void {
    for (const [key, account] of accounts) {
      forgetSlices(account.share, now);
      forgetHits(account.own, now, account.window);
      if (account.own.total === 0 && account.share.slices.size === 0) accounts.delete(key);
    }
  }

  return { take, unshared: takeUnshared, shared, notShared, sweep };
}

function upToDate(account: Account, { window }: Limit, now: number): Account {
  account.window = window;
  forgetHits(account.own, now, window);
  forgetHits(account.others, now, window);
  return account;
}
