import type { EarlierState, Revision } from "../source/open-source.ts";

/** So many earlier trees are read at most. */
const mostRead = 200;

/** The states that a branch had before, to go back through more than once. */
export interface HistoryTrail {
  /** The state so many steps back, from 1; null when there is none. */
  at(depth: number): Promise<EarlierState | null>;
  /** What it says, read once; null when enough has been read. */
  read(depth: number): Promise<Revision | null>;
  /** What has been read, the oldest first. */
  revisions(): readonly Revision[];
}

export function createTrail(states: AsyncIterable<EarlierState>): HistoryTrail {
  const iterator = states[Symbol.asyncIterator]();
  const known: EarlierState[] = [];
  const revisions = new Map<number, Revision>();

  async function at(depth: number): Promise<EarlierState | null> {
    while (known.length < depth) {
      const next = await iterator.next();
      if (next.done) return null;
      known.push(next.value);
    }
    return known[depth - 1] ?? null;
  }

  async function read(depth: number): Promise<Revision | null> {
    const found = revisions.get(depth);
    if (found) return found;
    const state = revisions.size < mostRead ? await at(depth) : null;
    const revision = state && (await state.read());
    if (revision) revisions.set(depth, revision);
    return revision;
  }

  return {
    at,
    read,
    revisions: () => [...revisions].toSorted(([one], [other]) => other - one).map(([, revision]) => revision),
  };
}
