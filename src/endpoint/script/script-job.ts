/** One run of a script, as it goes to a worker. */
export interface ScriptJob {
  /** The name of the file, for messages. */
  readonly file: string;
  /** An ES module. */
  readonly source: string;
  /** The exported function to call. */
  readonly entry: string;
  /** What the function gives back: nothing that matters, an answer, or what middleware may. */
  readonly returns: "nothing" | "answer" | "middleware";
  /** The list of arguments as JSON, without what is made of the body. */
  readonly input: string;
  /** Null for a script that gets none. */
  readonly body: ScriptBody | null;
  /** Milliseconds. */
  readonly timeout: number;
  /** Bytes, without those for the body. */
  readonly memory: number;
  /** The largest answer, in bytes. */
  readonly answerLimit: number;
}

/** The body of a request, nothing read yet, and what becomes of it. */
export interface ScriptBody {
  /** Its buffer is handed over. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** `raw`: it is text; `parameters`: also a flat JSON object; `run`: the parameters are the one argument. */
  readonly reading: "raw" | "parameters" | "run";
  /** The parameters that it must hold, with `run`. */
  readonly required: readonly string[];
}

/** What a script returned, nothing checked yet. */
export interface ScriptAnswer {
  readonly kind: "answer";
  /** JSON of `{status, headers}` as the script gave them. */
  readonly head: string;
  readonly body: Uint8Array | string;
  readonly bodyKind: "text" | "bytes";
}

/** What middleware wants changed, nothing checked yet. */
export interface ScriptEdits {
  readonly kind: "edits";
  /** JSON of what it returned. */
  readonly edits: string;
}

/** Why a run gave no answer, and what to tell the log. */
export interface ScriptFailure {
  readonly kind: "failed";
  /** The error codes of UD-APIs 2.5. */
  readonly code: 10 | 12 | 13 | 15 | 16 | 17 | 1001 | 1003 | 1005 | 1006;
  readonly reason: string;
  /** The parameters that the body lacks, with 16. */
  readonly missing?: readonly string[];
  /** Where in the file it threw, counted from 1; absent where that is not known. */
  readonly place?: ScriptPlace;
}

/** A place in the file of a script. */
export interface ScriptPlace {
  readonly line: number;
  readonly column: number;
}

/** What a run took. */
export interface ScriptUsage {
  /** From its first line to its end. */
  readonly milliseconds: number;
  /** Bytes that it had at most, as its limit counts them: no less than what every engine starts with. */
  readonly memory: number;
}

/** Whether what a worker says is how a run ended. One that was started from a newer program may say something else. */
export function isOutcome(said: ScriptOutcome): boolean {
  return ["answer", "edits", "failed"].includes(said.kind);
}

/** How a run ended. `lines` is what the script printed. */
export type ScriptOutcome = (ScriptAnswer | ScriptEdits | ScriptFailure) & {
  readonly lines?: readonly string[];
  readonly usage?: ScriptUsage;
};
