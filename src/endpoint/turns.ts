import { setImmediate } from "node:timers/promises";

/** Milliseconds of work in one turn of the event loop. */
const slice = 4;

/** Long work in slices, between which others get their turn. */
export interface Turns {
  /** Whether the work has had its turn; then `next` gives it another. */
  readonly isOver: () => boolean;
  readonly next: () => Promise<void>;
}

/** Begins the first turn: whoever is being served does not wait for work that takes its turns. */
export function takeTurns(): Turns {
  let end = performance.now() + slice;
  return {
    isOver: () => performance.now() > end,
    async next() {
      await setImmediate();
      end = performance.now() + slice;
    },
  };
}
