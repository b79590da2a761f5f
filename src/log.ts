import { pino, type Logger } from "pino";

import { printable } from "./printable.ts";

/** The log that is handed from room to room. Messages are static, facts are fields. */
export type Log = Logger;

/** How the log is written. */
export interface LogOptions {
  readonly level: string;
  readonly format: "text" | "json";
}

/** A log on standard error; standard output is for data. */
export function createLog(options: LogOptions): Log {
  const stream =
    options.format === "json"
      ? process.stderr
      : { write: (line: string) => process.stderr.write(printable(textLine(line))) };
  return pino({ level: options.level, base: null, timestamp: pino.stdTimeFunctions.isoTime }, stream);
}

/** A log that writes nothing, for commands that talk otherwise and for tests. */
export function silentLog(): Log {
  return pino({ level: "silent" });
}

const levelNames: Record<string, string> = {
  10: "trace",
  20: "debug",
  30: "info",
  40: "WARN",
  50: "ERROR",
  60: "FATAL",
};

function textLine(json: string): string {
  const { level, time, msg, ...fields } = JSON.parse(json) as Record<string, unknown>;
  const facts = Object.entries(fields).map(
    ([key, value]) => `${key}=${typeof value === "string" ? value : JSON.stringify(value)}`,
  );
  return `${String(time).slice(11, 19)} ${levelNames[String(level)] ?? String(level)} ${[String(msg), ...facts].join("  ")}\n`;
}
