import type { Worker } from "node:worker_threads";

import type { Closeable } from "../../closeable.ts";
import type { Log } from "../../log.ts";
import { startWorker } from "../../worker.ts";
import type { Refusal } from "../endpoint-error.ts";
import { type PackedBatch, unpackBatch } from "./packed-batch.ts";
import { type Batch, readBatch } from "./read-batch.ts";

/** Reads batches, large ones on a thread of its own: the one that serves would stand still for 50 ms. */
export interface BatchReader extends Closeable {
  /** As `readBatch` does. Never rejects. The body may be handed over, with all of its buffer. */
  read(body: Buffer<ArrayBuffer>, root: string, maxRequests: number): Promise<Batch | Refusal>;
}

/** What the thread is asked. */
export interface BatchOrder {
  /** Its buffer is handed over. */
  readonly body: Uint8Array<ArrayBuffer>;
  readonly root: string;
  readonly maxRequests: number;
}

/** What the thread answers. */
export type BatchAnswer = PackedBatch | Refusal;

/** Bytes that are sooner read than handed over. */
const smallBody = 16 * 1024;

/** Makes it ready; the thread is started when it is first needed, and again after it was lost. */
export function createBatchReader(log: Log): BatchReader {
  let thread: Thread | null = null;
  return {
    async read(body, root, maxRequests) {
      if (body.length <= smallBody) return readBatch(body, root, maxRequests);
      thread ??= startThread(log, () => (thread = null));
      const answer = await thread.ask({ body, root, maxRequests });
      return "code" in answer ? answer : unpackBatch(answer);
    },
    async close() {
      await thread?.worker.terminate();
    },
  };
}

interface Thread {
  readonly worker: Worker;
  readonly ask: (order: BatchOrder) => Promise<BatchAnswer>;
}

function startThread(log: Log, lost: () => void): Thread {
  const waiting: ((answer: BatchAnswer) => void)[] = [];
  const worker = startWorker(new URL("./batch-worker.ts", import.meta.url), {
    env: {},
    resourceLimits: { maxOldGenerationSizeMb: 256 },
  });
  worker.on("message", (answer: BatchAnswer) => waiting.shift()?.(answer));
  worker.on("error", (error) => log.error({ err: error }, "The thread that reads batches failed."));
  worker.on("exit", () => {
    lost();
    for (const settle of waiting.splice(0))
      settle({ code: 8, reason: "the thread that reads batches ended" });
  });
  return {
    worker,
    ask: (order) =>
      new Promise((resolve) => {
        waiting.push(resolve);
        worker.postMessage(order, [order.body.buffer]);
      }),
  };
}
