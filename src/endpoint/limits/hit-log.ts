/**
 * Hits by time, oldest first: each entry is the time of the latest of some hits, and their number. It
 * counts all of them until that time is a window ago, so never fewer than there were.
 */
export interface HitLog {
  readonly times: number[];
  readonly counts: number[];
  /** Where the entries begin; those before are forgotten. */
  head: number;
  /** The sum of all counts. */
  total: number;
  /** The time of the first hit in the last entry. */
  lastEntryBegan: number;
}

/** An empty log. */
export function createHitLog(): HitLog {
  return { times: [], counts: [], head: 0, total: 0, lastEntryBegan: 0 };
}

/** Adds a hit. It joins the last entry when that began less than `grain` milliseconds ago. */
export function addHit(log: HitLog, now: number, grain: number): void {
  const last = log.times.length - 1;
  const joins = last >= log.head && now - log.lastEntryBegan < grain;
  if (joins || log.times[last] === now) addToEntry(log, last, now);
  else {
    log.times.push(now);
    log.counts.push(1);
    log.lastEntryBegan = now;
  }
  log.total++;
}

function addToEntry(log: HitLog, index: number, now: number): void {
  log.times[index] = now;
  log.counts[index] = (log.counts[index] ?? 0) + 1;
}

/** Adds an entry that is not older than the others. */
export function addEntry(log: HitLog, time: number, count: number): void {
  log.times.push(time);
  log.counts.push(count);
  log.total += count;
}

/** Forgets what is a window ago. A clock that was set back must not hold hits for longer than a window. */
export function forgetHits(log: HitLog, now: number, window: number): void {
  const { times } = log;
  for (let index = times.length - 1; index >= log.head && times[index]! > now; index--) times[index] = now;
  log.lastEntryBegan = Math.min(log.lastEntryBegan, now);
  while (log.head < times.length && times[log.head]! + window <= now)
    log.total -= log.counts[log.head++] ?? 0;
  // Not every time, since it moves all entries.
  if (log.head < 64 && log.head < times.length) return;
  times.splice(0, log.head);
  log.counts.splice(0, log.head);
  log.head = 0;
}

/** The time from which fewer hits than `limit` count, when none is added to two logs that hold as many or more. */
export function freeAt(one: HitLog, other: HitLog, limit: number, window: number): number {
  let tooMany = one.total + other.total - limit + 1;
  let [a, b] = [one.head, other.head];
  let time = 0;
  while (tooMany > 0 && (a < one.times.length || b < other.times.length)) {
    const fromOne =
      (one.times[a] ?? Number.POSITIVE_INFINITY) <= (other.times[b] ?? Number.POSITIVE_INFINITY);
    const [log, index] = fromOne ? [one, a++] : [other, b++];
    time = log.times[index] ?? time;
    tooMany -= log.counts[index] ?? 0;
  }
  return time + window;
}
