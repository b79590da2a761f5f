import { parentPort, workerData } from "node:worker_threads";

import { messageOf } from "../../errors.ts";
import { editFile } from "../../manifest/edit/call.ts";
import { parseFile } from "../../manifest/parse/parse-file.ts";
import type { ParseOptions } from "../../manifest/parsed-file.ts";
import type { ParseAnswer, ParseOrder, ParseWorkerData } from "./parse-thread.ts";

const { progress } = workerData as ParseWorkerData;

parentPort?.on("message", (order: ParseOrder) => {
  for (const [index, file] of order.files.entries()) {
    Atomics.store(progress, 1, BigInt(Date.now()));
    Atomics.store(progress, 0, BigInt(index));
    parentPort?.postMessage(answer(file, order.options), []);
  }
});

function answer(file: ParseOrder["files"][number], options: ParseOptions): ParseAnswer {
  try {
    if ("text" in file) return { parsed: parseFile(file.path, file.text, options) };
    return { edited: editFile(file.file, file.edit, { ...options, fileSize: file.fileSize }) };
  } catch (error) {
    return { failed: messageOf(error) };
  }
}
