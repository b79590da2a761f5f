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
  return pointer.slice(1).split("/").map(unescapeSegment);
}

function unescapeSegment(segment: string): string {
  return segment.includes("~") ? segment.replaceAll("~1", "/").replaceAll("~0", "~") : segment;
}

/** Where the segment of a pointer ends that begins at an index. Most pointers lead nowhere: no list is made of them. */
function segmentEnd(pointer: string, start: number): number {
  const end = pointer.indexOf("/", start);
  return end < 0 ? pointer.length : end;
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
  collect(root, pattern, 0, "", found);
  return found;
}

/** `at` is where the rest of the pattern begins, with its slash. */
function collect(value: unknown, pattern: string, at: number, pointer: string, to: Located[]): void {
  if (at >= pattern.length) to.push({ pointer, value });
  else if (typeof value !== "object" || value === null) return;
  else {
    const end = segmentEnd(pattern, at + 1);
    const segment = pattern.slice(at + 1, end);
    if (segment === "*")
      for (const [key, child] of Object.entries(value))
        collect(child, pattern, end, pointerTo(pointer, key), to);
    else if (Object.hasOwn(value, segment))
      collect((value as Record<string, unknown>)[segment], pattern, end, `${pointer}/${segment}`, to);
  }
}

/** The value at a JSON pointer; undefined when there is none. */
export function valueAt(root: unknown, pointer: string): unknown {
  let value = root;
  for (let at = 0; at < pointer.length;) {
    const end = segmentEnd(pointer, at + 1);
    const segment = unescapeSegment(pointer.slice(at + 1, end));
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, segment)) return undefined;
    value = (value as Record<string, unknown>)[segment];
    at = end;
  }
  return value;
}
