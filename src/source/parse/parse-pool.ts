import { availableParallelism } from "node:os";

import type { ParseOptions } from "../../manifest/parsed-file.ts";
import { chunks } from "../git/tree.ts";
import {
  createParseThread,
  type EditOutcome,
  type EditTask,
  type ParseOutcome,
  type SourceText,
} from "./parse-thread.ts";

/** Parses manifests where it can be stopped (law 8). */
export interface ParsePool {
  /** One outcome for each file, in their order. */
  parse(files: readonly SourceText[]): Promise<readonly ParseOutcome[]>;
  /** Edits a manifest file in the same place. */
  edit(task: EditTask): Promise<EditOutcome>;
  close(): Promise<void>;
}

/** What the parser may use. */
export interface ParseLimits {
  /** Milliseconds for one file. */
  readonly parseTime: number;
  /** MiB of heap for one thread. */
  readonly memory?: number;
  readonly threads?: number;
}

const defaultMemory = 128;
const mostThreads = 4;

/** So few files are parsed sooner by one thread than it takes to start another. */
const filesPerThread = 16;

/** Threads that parse: as many as there are processors to spare, each started when it is first needed. */
export function createParsePool(options: ParseOptions, limits: ParseLimits): ParsePool {
  const { parseTime, memory = defaultMemory } = limits;
  const count = limits.threads ?? Math.max(1, Math.min(mostThreads, availableParallelism() - 1));
  const threads = Array.from({ length: count }, () => createParseThread({ options, parseTime, memory }));
  let turn: Promise<unknown> = Promise.resolve();

  function inTurn<T>(run: () => Promise<T>): Promise<T> {
    const mine = turn.then(run);
    turn = mine.catch(() => {});
    return mine;
  }

  async function edit(task: EditTask): Promise<EditOutcome> {
    const outcome = await threads[0]?.edit(task);
    if (!outcome) throw new Error("There is no thread to edit in");
    return outcome;
  }

  async function parseTogether(files: readonly SourceText[]): Promise<readonly ParseOutcome[]> {
    const shares = chunks(files, Math.max(filesPerThread, Math.ceil(files.length / count)));
    const outcomes = await Promise.all(threads.map((thread, index) => thread.parse(shares[index] ?? [])));
    return outcomes.flat();
  }

  async function close(): Promise<void> {
    await turn;
    await Promise.all(threads.map((thread) => thread.close()));
  }

  return {
    parse: (files) => inTurn(() => parseTogether(files)),
    edit: (task) => inTurn(() => edit(task)),
    close,
  };
}
