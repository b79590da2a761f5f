/** Where whole lines are written to, many at a time. */
export interface LineTarget {
  /** Never rejects. */
  write(lines: string): Promise<void>;
  /** Writes when nothing can be waited for any more. Never throws. */
  writeNow(lines: string): void;
  close(): Promise<void>;
}

/** Lines on their way to a target. Taking one costs next to nothing and never fails. */
export interface LineBuffer {
  /** Takes a line, with its line feed, that may wait for half a second. */
  readonly add: (line: string) => void;
  /** Takes a line that should be seen at once. */
  readonly addNow: (line: string) => void;
  /** Writes what waits, for two seconds at most. Lines that come later are written at once. */
  readonly close: () => Promise<void>;
}

const longestWait = 500;
const longestFarewell = 2000;
const fullAt = 64 * 1024;
const mostWaiting = 4 * 1024 * 1024;

/**
 * Collects lines in memory and writes them together, one write at a time, also when the process exits.
 * A target that can't keep up costs lines and not memory: `lostLine` tells how many.
 */
export function createLineBuffer(target: LineTarget, lostLine: (count: number) => string): LineBuffer {
  let waiting = "";
  let lost = 0;
  let writing: Promise<void> | null = null;
  let timer: NodeJS.Timeout | undefined;
  let closed = false;

  const writeRest = () => target.writeNow(take());
  process.once("exit", writeRest);
  return {
    add(line) {
      keep(line);
      if (closed || waiting.length >= fullAt) flush();
      else timer ??= setTimeout(flush, longestWait).unref();
    },
    addNow(line) {
      keep(line);
      flush();
    },
    async close() {
      flush();
      closed = true;
      await endOf(writing);
      process.off("exit", writeRest);
      writeRest();
      await target.close();
    },
  };

  function keep(line: string): void {
    if (waiting.length + line.length <= mostWaiting) waiting += line;
    else lost++;
  }

  function take(): string {
    const lines = lost === 0 ? waiting : waiting + lostLine(lost);
    waiting = "";
    lost = 0;
    return lines;
  }

  function flush(): void {
    clearTimeout(timer);
    timer = undefined;
    if (closed) writeRest();
    else writing ??= writeAll();
  }

  async function writeAll(): Promise<void> {
    while (waiting !== "") await target.write(take());
    writing = null;
  }
}

async function endOf(writing: Promise<void> | null): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => (timer = setTimeout(resolve, longestFarewell)));
  await Promise.race([writing, late]);
  clearTimeout(timer);
}
