/** The JSON pointer of a field below another (RFC 6901: `~` and `/` are escaped). */
export function pointerTo(base: string, ...segments: readonly (string | number)[]): string {
  return segments.reduce<string>((path, segment) => `${path}/${escapeSegment(segment)}`, base);
}

function escapeSegment(segment: string | number): string {
  const text = String(segment);
  return /[~/]/.test(text) ? text.replaceAll("~", "~0").replaceAll("/", "~1") : text;
}

/** The field names and indices along a JSON pointer. */
export function segmentsOf(pointer: string): string[] {
  if (pointer === "") return [];
  return pointer
    .slice(1)
    .split("/")
    .map((segment) => segment.replaceAll("~1", "/").replaceAll("~0", "~"));
}

/** A JSON pointer as people write it in a sentence: `spec.tokens[0]`. */
export function readable(pointer: string): string {
  return segmentsOf(pointer)
    .map((segment, index) => {
      if (index > 0 && /^\d+$/.test(segment)) return `[${segment}]`;
      const shown = /^[\w$-]{1,128}$/.test(segment) ? segment : quoteForPeople(segment);
      return index === 0 ? shown : `.${shown}`;
    })
    .join("");
}

/** What a manifest says, in quotes, within a sentence: without control characters, and not too long. */
export function quoteForPeople(text: string): string {
  const shown = text.length > 80 ? `${text.slice(0, 79)}…` : text;
  // oxlint-disable-next-line no-control-regex -- they are what must not reach a terminal
  return `'${shown.replaceAll(/[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g, "�")}'`;
}

/** A value somewhere in a document. */
export interface Located {
  readonly pointer: string;
  readonly value: unknown;
}

/**
 * All values at a path in which `*` stands for each item of a list or each field of a mapping, with
 * their pointers: `/spec/tokens/*`. What isn't there is left out.
 */
export function select(root: unknown, pattern: string): Located[] {
  const found: Located[] = [];
  collect(root, pattern.split("/"), 1, "", found);
  return found;
}

function collect(
  value: unknown,
  pattern: readonly string[],
  at: number,
  pointer: string,
  to: Located[],
): void {
  const segment = pattern[at];
  if (segment === undefined) to.push({ pointer, value });
  else if (typeof value !== "object" || value === null) return;
  else if (segment !== "*") {
    if (Object.hasOwn(value, segment))
      collect((value as Record<string, unknown>)[segment], pattern, at + 1, `${pointer}/${segment}`, to);
  } else {
    for (const [key, child] of Object.entries(value))
      collect(child, pattern, at + 1, pointerTo(pointer, key), to);
  }
}

/** The value at a JSON pointer; undefined when there is none. */
export function valueAt(root: unknown, pointer: string): unknown {
  let value = root;
  for (const segment of segmentsOf(pointer)) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, segment)) return undefined;
    value = (value as Record<string, unknown>)[segment];
  }
  return value;
}
