/** Keeps passes and edits of one process apart: whoever comes first goes first. */
export interface Turns {
  /** Waits until nobody else has the turn, and gives what ends it. */
  take(): Promise<() => void>;
}

/** Makes turns that nobody has yet. */
export function createTurns(): Turns {
  let last: Promise<void> = Promise.resolve();
  return {
    async take() {
      const before = last;
      let end = () => {};
      last = new Promise((resolve) => (end = resolve));
      await before;
      return end;
    },
  };
}

/** A turn that is taken when it is first needed. */
export interface HeldTurn {
  take(): Promise<void>;
  end(): void;
}

/** Takes one turn at most, and keeps it until it is ended. Without turns there is nothing to wait for. */
export function holdTurn(turns: Turns | undefined): HeldTurn {
  let taken: (() => void) | undefined;
  return {
    async take() {
      taken ??= await turns?.take();
    },
    end: () => taken?.(),
  };
}
