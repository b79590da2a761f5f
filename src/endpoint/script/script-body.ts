import { isUtf8 } from "node:buffer";

import { hasFewParts } from "../json-parts.ts";
import type { ScriptFailure, ScriptJob } from "./script-job.ts";

/** Members that the body of a dictionary may have. */
const mostParameters = 10_000;

/** What goes into the sandbox: the arguments as JSON, and the raw body, which becomes `rawBody` of the first. */
export interface ScriptTexts {
  readonly input: string;
  /** Apart, so that a large body is not quoted twice. Null to leave it out. */
  readonly rawBody: string | null;
}

/**
 * Reads the body of a job, or says why it can't be read. It may be large and come from anybody: this is for
 * the thread of the script, which can be ended, and not for the one that serves.
 */
export function readScriptBody({ input, body }: ScriptJob): ScriptTexts | ScriptFailure {
  if (!body) return { input, rawBody: null };
  // What is none would come in as something else, without a word.
  if (!isUtf8(body.bytes)) return { kind: "failed", code: 1003, reason: "The body is not UTF-8." };
  const { buffer, byteOffset, length } = body.bytes;
  const rawBody = Buffer.from(buffer, byteOffset, length).toString("utf8");
  if (body.reading === "raw") return { input, rawBody };
  const isRun = body.reading === "run";
  const parameters = isRun && rawBody.trim() === "" ? {} : flatObject(rawBody);
  if (!parameters) return { kind: "failed", code: 10, reason: "The body is no flat JSON object." };
  if (!isRun) {
    const [first] = JSON.parse(input) as [object];
    return { input: JSON.stringify([{ ...first, parameters }]), rawBody };
  }
  const missing = body.required.filter((name) => !Object.hasOwn(parameters, name));
  if (missing.length === 0) return { input: JSON.stringify([parameters]), rawBody: null };
  return { kind: "failed", code: 16, reason: "The body lacks parameters.", missing };
}

/** Strings as they are, numbers and booleans as JSON writes them; anything else is not flat. */
function flatObject(text: string): Record<string, string> | null {
  const value = hasFewParts(text, mostParameters) ? parseJson(text) : undefined;
  if (typeof value !== "object" || value === null || Array.isArray(value)) return null;
  const entries = Object.entries(value);
  if (!entries.every(([, item]) => ["string", "number", "boolean"].includes(typeof item))) return null;
  return Object.fromEntries(entries.map(([name, item]) => [name, String(item)]));
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
