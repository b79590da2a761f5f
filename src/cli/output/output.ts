import { styleText } from "node:util";

import { printable, printableJson, printableLine } from "../../printable.ts";

/** How a whole line looks on a terminal. Colours are left out where NO_COLOR or a pipe asks for it. */
export type Style = "plain" | "bold" | "dim" | "added" | "changed" | "removed" | "warning" | "error";

const formats = {
  plain: "reset",
  bold: "bold",
  dim: "dim",
  added: "green",
  changed: "yellow",
  removed: "red",
  warning: "yellow",
  error: "red",
} as const;

/** Writes data, lines of it, to standard output. Control characters but line feeds are made visible. */
export function print(text: string, style: Style = "plain"): void {
  write(process.stdout, text, style);
}

/** Writes talk about the data to standard error. Control characters but line feeds are made visible. */
export function talk(text: string, style: Style = "plain"): void {
  write(process.stderr, text, style);
}

/** Writes a value to standard output as JSON, for machines. */
export function printJson(value: unknown): void {
  process.stdout.write(`${printableJson(JSON.stringify(value, null, 2))}\n`);
}

/** Writes a value as one line of JSON. */
export function printJsonLine(value: unknown): void {
  process.stdout.write(`${printableJson(JSON.stringify(value))}\n`);
}

/** The lines of a table: columns as wide as their widest cell, headings in capitals. */
export function table(headings: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const lines = [
    headings.map((heading) => heading.toUpperCase()),
    ...rows.map((row) => row.map(printableLine)),
  ];
  const widths = headings.map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)));
  return lines.map((line) =>
    line
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join("  ")
      .trimEnd(),
  );
}

/** A time in the past, as people say it: `3m ago`. */
export function ago(iso: string, now = Date.now()): string {
  const seconds = Math.max(0, Math.round((now - Date.parse(iso)) / 1000));
  if (seconds < 120) return `${seconds}s ago`;
  if (seconds < 7200) return `${Math.round(seconds / 60)}m ago`;
  if (seconds < 172_800) return `${Math.round(seconds / 3600)}h ago`;
  return `${Math.round(seconds / 86_400)}d ago`;
}

/** `1 change`, `2 changes`. */
export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}

/** `2026-11-22T10:00:00Z`: whole seconds. */
export function wholeSeconds(iso: string): string {
  return iso.replace(/\.\d+Z$/, "Z");
}

function write(stream: NodeJS.WriteStream, text: string, style: Style): void {
  const clean = printable(text);
  stream.write(`${style === "plain" ? clean : styleText(formats[style], clean, { stream })}\n`);
}
