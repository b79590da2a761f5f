import type { NewNotice } from "../../store/limits/limit-store.ts";

/** Collects the notices to raise: one for each object, and not too often. */
export interface LimitNotices {
  readonly raise: (notice: NewNotice, now: number) => void;
  /** What is to be raised now. It is not given again. */
  readonly take: () => readonly NewNotice[];
  /** Takes back what could not be raised. */
  readonly putBack: (notices: readonly NewNotice[]) => void;
}

/** `interval` is the shortest time between two notices of one object, in milliseconds (UD-APIs 1.5). */
export function collectNotices(interval: number): LimitNotices {
  const lastRaised = new Map<string, number>();
  let waiting = new Map<string, NewNotice>();
  return {
    raise(notice, now) {
      const last = lastRaised.get(notice.objectId);
      if (last !== undefined && Math.abs(now - last) < interval) return;
      lastRaised.set(notice.objectId, now);
      waiting.set(notice.objectId, notice);
    },
    take() {
      const taken = [...waiting.values()];
      waiting = new Map();
      return taken;
    },
    putBack(notices) {
      for (const notice of notices) if (!waiting.has(notice.objectId)) waiting.set(notice.objectId, notice);
    },
  };
}
