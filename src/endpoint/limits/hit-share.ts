import type { NewHits, SharedHits } from "../../store/limits/limit-store.ts";
import { addEntry, createHitLog, type HitLog } from "./hit-log.ts";

/** Slices that a window is cut into where hits are shared: others' hits count that much longer, at most. */
const slices = 32;

/** Hits within a slice of time: mine, and those of all endpoints as the store last said. */
interface Slice {
  readonly start: number;
  readonly length: number;
  total: number;
  last: number;
  /** Mine that are in the total. */
  published: number;
  /** Mine that are on their way into it. */
  sending: number;
  /** Mine that are yet to be sent. */
  pending: number;
}

/** What an endpoint and the others know of each other's hits on one key. */
export interface HitShare {
  readonly slices: Map<string, Slice>;
  current: Slice | null;
}

/** Nothing shared yet. */
export function createHitShare(): HitShare {
  return { slices: new Map(), current: null };
}

/** Notes a hit of this endpoint, for the others to hear of. */
export function noteHit(share: HitShare, now: number, window: number): void {
  const length = Math.max(1, Math.ceil(window / slices));
  const start = Math.floor(now / length) * length;
  if (share.current?.start !== start || share.current.length !== length)
    share.current = sliceAt(share, start, length);
  share.current.pending++;
  share.current.last = Math.max(share.current.last, now);
}

/** The hits that the others don't know of yet. They are on their way until `settleHits` is told. */
export function takePending(share: HitShare, key: string, window: number): NewHits[] {
  const taken: NewHits[] = [];
  for (const slice of share.slices.values()) {
    if (slice.pending === 0) continue;
    slice.sending = slice.pending;
    slice.pending = 0;
    const { start, length, last } = slice;
    taken.push({ key, start, length, last, hits: slice.sending, end: last + window + length });
  }
  return taken;
}

/** Says whether the hits that were on their way have arrived. Those that haven't are sent again. */
export function settleHits(share: HitShare, arrived: boolean): void {
  for (const slice of share.slices.values()) {
    if (arrived) slice.published += slice.sending;
    else slice.pending += slice.sending;
    slice.sending = 0;
  }
}

/** Takes over what all endpoints together have in a slice. */
export function applyTotal(share: HitShare, { start, length, hits, last }: SharedHits): void {
  const slice = sliceAt(share, start, length);
  slice.total = hits;
  slice.last = Math.max(slice.last, last);
}

/** The hits of the others: those of all, less those that this endpoint has put there. */
export function hitsOfOthers(share: HitShare): HitLog {
  const log = createHitLog();
  const theirs = [...share.slices.values()].filter(({ total, published }) => total > published);
  for (const { last, total, published } of theirs.sort((a, b) => a.last - b.last))
    addEntry(log, last, total - published);
  return log;
}

/** Forgets slices that no window reaches any more. */
export function forgetSlices(share: HitShare, now: number): void {
  for (const [name, slice] of share.slices) {
    const isOver = slice.last + (slices + 1) * slice.length <= now;
    if (!isOver || slice.pending > 0 || slice.sending > 0) continue;
    share.slices.delete(name);
    if (share.current === slice) share.current = null;
  }
}

function sliceAt(share: HitShare, start: number, length: number): Slice {
  const name = `${length}/${start}`;
  const slice = share.slices.get(name) ?? newSlice(start, length);
  share.slices.set(name, slice);
  return slice;
}

function newSlice(start: number, length: number): Slice {
  return { start, length, total: 0, last: start, published: 0, sending: 0, pending: 0 };
}
