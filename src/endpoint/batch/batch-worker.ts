import { parentPort } from "node:worker_threads";

import type { BatchAnswer, BatchOrder } from "./batch-reader.ts";
import { packBatch } from "./packed-batch.ts";
import { readBatch } from "./read-batch.ts";

// The thread that reads large batches: an answer for each, in their order.
parentPort?.on("message", ({ body, root, maxRequests }: BatchOrder) => {
  const batch = readBatch(Buffer.from(body.buffer, body.byteOffset, body.length), root, maxRequests);
  if ("code" in batch) return say(batch);
  const packed = packBatch(batch);
  say(packed, packed.bytes.buffer);
});

function say(answer: BatchAnswer, ...handedOver: ArrayBuffer[]): void {
  parentPort?.postMessage(answer, handedOver);
}
