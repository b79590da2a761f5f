import type { Closeable } from "../closeable.ts";

/** Things that were opened, to be closed in reverse order. */
export interface Closing extends Closeable {
  /** Takes note of something to close, under a name for people, and gives it back. */
  add<T extends Closeable>(name: string, opened: T): T;
  /** What is being closed at the moment; null before and after. */
  current(): string | null;
}

/** Collects what has been opened. Closing goes on when one thing fails to close, and then says so. */
export function createClosing(): Closing {
  const opened: { readonly name: string; readonly closeable: Closeable }[] = [];
  let current: string | null = null;
  return {
    add(name, closeable) {
      opened.push({ name, closeable });
      return closeable;
    },
    current: () => current,
    async close() {
      const errors: unknown[] = [];
      for (let next = opened.pop(); next; next = opened.pop()) {
        current = next.name;
        await next.closeable.close().catch((error: unknown) => errors.push(error));
      }
      current = null;
      if (errors.length > 0) throw errors[0];
    },
  };
}
