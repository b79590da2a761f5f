/** Lines about requests on their way to another thread. */
export interface RequestLines {
  /** Takes a line, with its line feed. */
  readonly add: (line: string) => void;
  /** Sends what waits. */
  readonly flush: () => void;
}

/** Milliseconds that a line may wait for others: a message for each would cost more than the line. */
const longestWait = 20;

/** Sends lines together. */
export function createRequestLines(send: (lines: string) => void): RequestLines {
  let waiting = "";
  let timer: NodeJS.Timeout | undefined;

  function flush(): void {
    clearTimeout(timer);
    timer = undefined;
    if (waiting !== "") send(waiting);
    waiting = "";
  }

  return {
    add(line) {
      waiting += line;
      timer ??= setTimeout(flush, longestWait);
    },
    flush,
  };
}
