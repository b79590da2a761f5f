import type { Scalar } from "yaml";

import { writeKey, writeScalar } from "./scalar.ts";

/** How a document is indented. */
export interface Layout {
  /** By how much a mapping stands deeper than the one that it is in. */
  readonly step: number;
  /** The same for a list in a mapping: 0 in some files. */
  readonly listStep: number;
}

/** How new files are indented. */
export const ownLayout: Layout = { step: 2, listStep: 2 };

/** A value as YAML: what follows the key or dash, and the lines below it. */
export interface ValueText {
  readonly first: string;
  readonly rest: readonly string[];
}

/** Where a value goes in block style. */
export interface BlockPlace {
  readonly owner: "map" | "list";
  /** The column of the mapping or list that it is in. */
  readonly column: number;
  /** For what stands behind a dash: the column where it begins. */
  readonly inlineColumn?: number;
  readonly layout: Layout;
  /** How the value before it was written. */
  readonly style?: Scalar.Type | undefined;
  readonly was?: unknown;
  /** Whether the value before it was in brackets. */
  readonly wasFlow?: boolean;
  /** The column of the lines of a block scalar, where they are not to have the usual one. */
  readonly textColumn?: number | undefined;
}

/** A line is not made longer than this by putting a list or mapping in brackets. */
const lineWidth = 100;

/** Writes a value in block style: lists of a few short texts, and what is empty, in brackets. */
export function blockValue(value: unknown, place: BlockPlace): ValueText {
  const { owner, column, layout } = place;
  if (!isCollection(value)) return scalarValue(value, place);
  const inner = owner === "list" ? (place.inlineColumn ?? column + 2) : column + layout.step;
  if (isFlowFriendly(value, place.wasFlow ?? false)) {
    const text = flowValue(value);
    if (inner + text.length <= lineWidth || entriesOf(value).length === 0) return { first: text, rest: [] };
  }
  const at = Array.isArray(value) && owner === "map" ? column + layout.listStep : inner;
  const lines = Array.isArray(value) ? listLines(value, at, layout) : mapLines(value, at, layout);
  if (owner === "map") return { first: "", rest: lines };
  return { first: (lines[0] ?? "").slice(at), rest: lines.slice(1) };
}

/** The lines of a mapping in block style. */
export function mapLines(map: object, column: number, layout: Layout, quoted = false): string[] {
  return entriesOf(map).flatMap(([key, value]) => {
    const text = blockValue(value, { owner: "map", column, layout });
    const name = writeKey(key, { flow: false, quoted });
    return [`${" ".repeat(column)}${name}:${text.first && ` ${text.first}`}`, ...text.rest];
  });
}

/** The lines of a list in block style. */
export function listLines(list: readonly unknown[], column: number, layout: Layout): string[] {
  return list.flatMap((value) => {
    const text = blockValue(value, { owner: "list", column, layout });
    return [`${" ".repeat(column)}- ${text.first}`, ...text.rest];
  });
}

/** Writes a value in flow style, on one line. */
export function flowValue(value: unknown, quoted = false, style?: Scalar.Type): string {
  if (!isCollection(value)) return writeScalar(value, { flow: true, quoted, style }).first;
  if (Array.isArray(value)) return `[${value.map((item) => flowValue(item, quoted)).join(", ")}]`;
  const fields = Object.entries(value).map(([key, field]) => flowField(key, field, quoted));
  return fields.length === 0 ? "{}" : `{ ${fields.join(", ")} }`;
}

/** Writes a field of a mapping in flow style. */
export function flowField(key: string, value: unknown, quoted: boolean): string {
  return `${writeKey(key, { flow: true, quoted })}: ${flowValue(value, quoted)}`;
}

function scalarValue(value: unknown, place: BlockPlace): ValueText {
  const { owner, column, layout, style, was } = place;
  const { first, rest } = writeScalar(value, { flow: false, style, was });
  const at = place.textColumn ?? column + (owner === "map" ? layout.step : 2);
  return { first, rest: rest.map((line) => (line === "" ? "" : " ".repeat(at) + line)) };
}

function isFlowFriendly(value: object, wasFlow: boolean): boolean {
  const entries = entriesOf(value);
  if (entries.length === 0) return true;
  const isShort = entries.every(([, item]) => !isCollection(item) && !String(item).includes("\n"));
  return isShort && (Array.isArray(value) || wasFlow);
}

function isCollection(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}

function entriesOf(value: object): [string, unknown][] {
  return Object.entries(value);
}
