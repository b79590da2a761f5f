/** A source of chance, the same for the same seed. */
export interface Chance {
  /** A whole number below `count`. */
  readonly pick: (count: number) => number;
  readonly of: <T>(items: readonly T[]) => T;
  readonly often: (percent: number) => boolean;
}

export function chance(seed: number): Chance {
  let state = seed >>> 0;
  const pick = (count: number) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % count;
  };
  return {
    pick,
    of: (items) => items[pick(items.length)] as (typeof items)[number],
    often: (percent) => pick(100) < percent,
  };
}

/** Data as JSON has it. */
export type Data = null | boolean | number | string | Data[] | { [key: string]: Data };

const words = [
  "a",
  "plain words",
  "",
  "yes",
  "12",
  "null",
  "1e3",
  "a: b",
  "a #b",
  "#c",
  "- d",
  "-e",
  "it's",
  'say "hi"',
  "back\\slash",
  "{x}",
  "[y",
  "x, y",
  "*z",
  "&z",
  "!t",
  "%p",
  "@q",
  "line\nbreak",
  "two\n\nparagraphs\n",
  " leading",
  "trailing ",
  "ends\n",
  "ends\n\n",
  "\ttab",
  "tab\there",
  "crlf\r\nhere",
  "ünïcödé 😀",
  "\u0001",
  "\u200d\u2028",
  "---",
  "...",
  "---\nkind: x",
  "2027-01-31",
  "~",
  "key:",
  ":x",
  "? q",
  "a\n  b\n",
  "a\n \nb",
  "#\n#",
  "<<",
  "0x1F",
  ".5",
  "+1",
];
const keys = [
  "a",
  "b",
  "c",
  "long key",
  "k-1",
  "12",
  "true",
  "it's",
  "a:b",
  "x, y",
  "name",
  "path",
  "on",
  "ü",
  "#h",
  "",
];

export function randomData(by: Chance, depth = 3): Data {
  const kind = by.pick(depth === 0 ? 6 : 10);
  if (kind < 4) return by.of(words);
  if (kind === 4) return by.of([0, 1, -7, 2.5, 1e12, 123456]);
  if (kind === 5) return by.of([true, false, null]);
  if (kind < 8) return randomFields(by, depth);
  return Array.from({ length: by.pick(4) }, () => randomData(by, depth - 1));
}

export function randomFields(by: Chance, depth = 3): { [key: string]: Data } {
  return Object.fromEntries(
    Array.from({ length: by.pick(5) }, () => [by.of(keys), randomData(by, depth - 1)] as const),
  );
}

/** The data with a few changes. */
export function changed(by: Chance, data: Data, depth = 3): Data {
  if (by.often(15)) return randomData(by, depth);
  if (Array.isArray(data)) {
    const items = data.flatMap((item) =>
      by.often(15) ? [] : [by.often(40) ? changed(by, item, depth - 1) : item],
    );
    while (by.often(30)) items.splice(by.pick(items.length + 1), 0, randomData(by, depth - 1));
    return items;
  }
  if (typeof data === "object" && data !== null) return changedFields(by, data, depth);
  return data;
}

export function changedFields(by: Chance, data: { [key: string]: Data }, depth = 3): { [key: string]: Data } {
  const fields = Object.entries(data).flatMap(([key, value]) =>
    by.often(15) ? [] : [[key, by.often(40) ? changed(by, value, depth - 1) : value] as const],
  );
  const added = by.often(30) ? Object.entries(randomFields(by, depth)) : [];
  return Object.fromEntries([...fields, ...added]);
}

/** Writes data as YAML in all the ways that people do: the lines of a mapping in block style. */
export function styledFields(by: Chance, data: { [key: string]: Data }, column: number): string[] {
  return Object.entries(data).flatMap(([key, value]) => [
    ...comments(by, column),
    ...placed(by, value, `${" ".repeat(column)}${styledKey(by, key)}:`, column, false),
  ]);
}

function placed(by: Chance, value: Data, lead: string, column: number, inList: boolean): string[] {
  const note = by.often(20) ? `  # note ${by.pick(100)}` : "";
  const isBlock =
    typeof value === "object" && value !== null && Object.keys(value).length > 0 && by.often(60);
  if (!isBlock) {
    const multi = typeof value === "string" && by.often(70) ? blockText(by, value, column) : null;
    if (multi) return [`${lead} ${multi.header}${note}`, ...multi.lines];
    return `${lead} ${flow(by, value, column)}${note}`.split("\n");
  }
  const step = 1 + by.pick(4);
  const isList = Array.isArray(value);
  const at = column + (isList && !inList ? by.of([0, step]) : step);
  if (inList && by.often(70)) {
    const compact = column + 1 + (1 + by.pick(3));
    const lines = (isList ? styledItems(by, value, compact) : styledFields(by, value, compact)).filter(
      (line, index) => index > 0 || !line.trim().startsWith("#"),
    );
    while (lines[0]?.trim() === "" || lines[0]?.trim().startsWith("#")) lines.shift();
    const [first = "", ...rest] = lines;
    return [lead + " ".repeat(compact - lead.length) + first.slice(compact), ...rest];
  }
  const below = Array.isArray(value) ? styledItems(by, value, at) : styledFields(by, value, at);
  return [`${lead}${note}`, ...below, ...comments(by, at)];
}

function styledItems(by: Chance, list: readonly Data[], column: number): string[] {
  return list.flatMap((item) => [
    ...comments(by, column),
    ...placed(by, item, `${" ".repeat(column)}-`, column, true),
  ]);
}

function comments(by: Chance, column: number): string[] {
  if (by.often(75)) return [];
  return by.of([
    [""],
    [`${" ".repeat(column)}# remark ${by.pick(100)}`],
    ["", `${" ".repeat(column)}# about`],
  ]);
}

function blockText(by: Chance, value: string, column: number) {
  const isFit =
    /^[^\s#]/.test(value) && !/[^\P{Cc}\n\t]|[\u2028\u200d]|\n\n$|(^|\n)[ \t]+(\n|$)/u.test(value);
  if (!isFit) return null;
  const at = " ".repeat(column + 1 + by.pick(4));
  const lines = value.replace(/\n$/, "").split("\n");
  const isFolded = lines.every((line) => /^\S/.test(line)) && by.often(40);
  const chomp = value.endsWith("\n") ? "" : "-";
  const shown = isFolded ? lines.flatMap((line, index) => (index === 0 ? [line] : ["", line])) : lines;
  return {
    header: `${isFolded ? ">" : "|"}${chomp}`,
    lines: shown.map((line) => (line === "" ? "" : at + line)),
  };
}

function flow(by: Chance, value: Data, column: number): string {
  if (typeof value !== "object" || value === null) return styledScalar(by, value);
  const parts = Array.isArray(value)
    ? value.map((item) => flow(by, item, column))
    : Object.entries(value).map(([key, item]) => `${styledKey(by, key)}: ${flow(by, item, column)}`);
  const [open, close] = Array.isArray(value) ? "[]" : "{}";
  if (parts.length === 0) return `${open}${close}`;
  const comma = by.often(20) ? "," : "";
  if (by.often(75)) {
    const pad = by.of(["", " "]);
    return `${open}${pad}${parts.join(by.of([", ", ",  "]))}${comma}${pad}${close}`;
  }
  const indent = " ".repeat(column + 2 + by.pick(3));
  const lines = parts.map((part, index) => {
    const end = index < parts.length - 1 ? "," : comma;
    return `${indent}${part}${end}${by.often(30) ? ` # item ${by.pick(100)}` : ""}`;
  });
  return `${open}\n${lines.join("\n")}\n${indent.slice(1)}${close}`;
}

function styledKey(by: Chance, key: string): string {
  return /^[a-z][a-z-]*[a-z0-9]?$/.test(key) && by.often(80) ? key : by.of([quote, apostrophes])(key);
}

function styledScalar(by: Chance, value: null | boolean | number | string): string {
  if (value === null) return by.of(["null", "~"]);
  if (typeof value !== "string") return String(value);
  if (/^[a-z][a-z ]*[a-z]$/.test(value) && !/^(yes|null|true)$/.test(value) && by.often(70)) return value;
  return by.of([quote, apostrophes])(value);
}

function quote(text: string): string {
  return JSON.stringify(text).replaceAll("\u2028", "\\u2028");
}

function apostrophes(text: string): string {
  return /[\p{Cc}\u2028]/u.test(text) ? quote(text) : `'${text.replaceAll("'", "''")}'`;
}
