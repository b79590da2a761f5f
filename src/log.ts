import { writeSync } from "node:fs";

import { pino, type Logger } from "pino";

import { AppError, messageOf } from "./errors.ts";
import { createLineBuffer, type LineBuffer, type LineTarget } from "./line-buffer.ts";
import { printableLine } from "./printable.ts";
import { openRollingFile } from "./rolling-file.ts";

/** The log that is handed from room to room. Messages are static, facts are fields. */
export type Log = Logger;

/** How the log is written. */
export interface LogOptions {
  readonly level: string;
  readonly format: "text" | "json";
}

/** How the logs of a daemon are written. */
export interface LogsOptions extends LogOptions {
  /** Whether there is a line for every request. */
  readonly access: boolean;
  /** Null is standard error. */
  readonly file: string | null;
  /** The file for lines about requests; null is where the log goes. */
  readonly accessFile: string | null;
  /** Bytes. */
  readonly fileSize: number;
  readonly files: number;
}

/** The logs of a daemon. */
export interface Logs {
  readonly log: Log;
  /** Takes a line that a log has made in another thread, with `lineLog`. */
  readonly line: (json: string) => void;
  /** Takes a line about a request, or several, with line feeds; null when there are none. */
  readonly access: ((line: string) => void) | null;
  /** Writes what waits to be written. */
  close(): Promise<void>;
}

/** A log on standard error; standard output is for data. */
export function createLog(options: LogOptions): Log {
  return lineLog(options.level, lineWriter(options, toStderr));
}

/** A log that hands on its lines, each as JSON with its line feed. */
export function lineLog(level: string, write: (json: string) => void): Log {
  return pino({ level, base: null, timestamp: pino.stdTimeFunctions.isoTime }, { write });
}

/** Opens the logs of a daemon. `config-invalid` when a file can't be opened. */
export async function openLogs(options: LogsOptions): Promise<Logs> {
  const { file, accessFile, access } = options;
  const errors = createLog(options);
  const main = file === null ? null : await openLogFile(file, options, errors);
  const own = access && accessFile !== file && accessFile !== null;
  const requests = own ? await openLogFile(accessFile, options, errors) : (main ?? bufferTo(stderr, options));
  const buffers = new Set([main, requests].filter((buffer) => buffer !== null));
  const line = main ? lineWriter(options, main.addNow) : lineWriter(options, toStderr);
  return {
    log: main ? lineLog(options.level, line) : errors,
    line,
    access: access ? requests.add : null,
    async close() {
      await Promise.all([...buffers].map((buffer) => buffer.close()));
    },
  };
}

/** A log that writes nothing, for commands that talk otherwise and for tests. */
export function silentLog(): Log {
  return pino({ level: "silent" });
}

/** Writes lines of a log in a format. */
function lineWriter({ format }: LogOptions, write: (line: string) => void): (json: string) => void {
  return format === "json" ? write : (line) => write(`${printableLine(textLine(line))}\n`);
}

function toStderr(line: string): void {
  process.stderr.write(line);
}

async function openLogFile(path: string, options: LogsOptions, errors: Log): Promise<LineBuffer> {
  const target = await openRollingFile({
    path,
    size: options.fileSize,
    files: options.files,
    fallback: stderr,
    onFailure: (error) =>
      errors.error({ path, reason: messageOf(error) }, "The log file can't be written; its lines come here."),
  }).catch((error: unknown) => {
    throw new AppError(
      "config-invalid",
      `The log file ${path} can't be opened (${messageOf(error)}). Name a regular file, no link, that this user may write.`,
      { cause: error },
    );
  });
  return bufferTo(target, options);
}

function bufferTo(target: LineTarget, options: LogOptions): LineBuffer {
  return createLineBuffer(target, (lines) => {
    let note = "";
    const writer = lineWriter(options, (line) => (note = line));
    lineLog("warn", writer).warn(
      { lines },
      "Lines were left out: they came faster than they could be written.",
    );
    return note;
  });
}

const stderr: LineTarget = {
  write: (lines) =>
    new Promise((resolve) => {
      process.stderr.write(lines, () => resolve());
    }),
  writeNow(lines) {
    try {
      writeSync(process.stderr.fd, lines);
    } catch {
      // There is nowhere left to say it.
    }
  },
  close: async () => {},
};

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
  return `${String(time).slice(11, 19)} ${levelNames[String(level)] ?? String(level)} ${[String(msg), ...facts].join("  ")}`;
}
