import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

const script = fileURLToPath(new URL("hold-store.ts", import.meta.url));

/** Another process that opens the store of a data folder. */
export interface StoreProcess {
  readonly pid: number;
  /** What it says when the store is open. Rejects when it ends before that. */
  readonly opened: Promise<string>;
  /** Lets it close its store and end. */
  close(): Promise<void>;
  /** As `kill -9` does. */
  kill(): Promise<void>;
}

/** Starts a process that opens the store of a data folder, and keeps it open. */
export function startStoreProcess(dataDir: string): StoreProcess {
  const child = spawn(process.execPath, ["--import", "tsx", script, dataDir], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const ended = once(child, "exit");
  const opened = Promise.race([
    once(child.stdout, "data").then(([chunk]) => String(chunk).trim()),
    ended.then(([code]) => {
      throw new Error(`the process ended (${String(code)}) before its store was open`);
    }),
  ]);
  // Who kills it is not interested.
  opened.catch(() => undefined);
  return {
    pid: child.pid ?? 0,
    opened,
    async close() {
      child.stdin.end();
      await ended;
    },
    async kill() {
      child.kill("SIGKILL");
      await ended;
    },
  };
}
