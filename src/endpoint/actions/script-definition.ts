import { caps } from "../../caps.ts";
import type { ScriptAction } from "../../manifest/api-definition.generated.ts";
import { parseSize } from "../../units.ts";
import { delayOf } from "../delay.ts";

/** A script made ready for serving. */
export interface Script {
  readonly kind: "script";
  readonly file: string;
  /** The text of the module, or null when the store doesn't have it. */
  readonly source: string | null;
  readonly input: "raw" | "parameters" | "run";
  /** Those that the body must hold, with `run`. */
  readonly parameters: readonly string[];
  /** Milliseconds. */
  readonly timeout: number;
  /** Bytes. */
  readonly memory: number;
}

const defaultTimeout = "10s";
const defaultMemory = "32MiB";

/** Makes a script action ready for serving, with its time and memory capped. */
export function prepareScript(
  action: ScriptAction,
  files: Readonly<Record<string, string>>,
  blobs: ReadonlyMap<string, string>,
): Script {
  return {
    kind: "script",
    file: action.file,
    source: blobs.get(files[action.file] ?? "") ?? null,
    input: action.input ?? "raw",
    parameters: action.parameters ?? [],
    timeout: delayOf(action.timeout ?? defaultTimeout, caps.scriptTimeout),
    memory: Math.min(parseSize(action.memory ?? defaultMemory), parseSize(caps.scriptMemory)),
  };
}
