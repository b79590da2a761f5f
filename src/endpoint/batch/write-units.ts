import { setImmediate } from "node:timers/promises";

/** The answer to one request of a batch (Gateway rules 2.7). */
export interface Unit {
  readonly relative_url: string;
  readonly code: number;
  readonly headers: Readonly<Record<string, readonly string[]>>;
  /** As it came, in UTF-8. */
  readonly body: readonly Uint8Array[];
}

/** Bytes of a body, or characters of JSON, that are dealt with at once. */
const slice = 32 * 1024;

/** The JSON of the units, in pieces between which others get their turn: as a whole it takes 100 ms and more. */
export async function* writeUnits(units: readonly Unit[]): AsyncGenerator<string> {
  let piece = "[";
  for (const part of partsOf(units)) {
    piece += part;
    if (piece.length < slice) continue;
    yield piece;
    piece = "";
    await setImmediate();
  }
  yield `${piece}]`;
}

function* partsOf(units: readonly Unit[]): Iterable<string> {
  for (const [index, { body, ...head }] of units.entries()) {
    yield `${index === 0 ? "" : ","}${JSON.stringify(head).slice(0, -1)},"body":"`;
    for (const text of textsOf(body)) yield JSON.stringify(text).slice(1, -1);
    yield '"}';
  }
}

/** The text of a body; no character is in two parts. */
function* textsOf(body: readonly Uint8Array[]): Iterable<string> {
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  for (const chunk of body)
    for (let start = 0; start < chunk.length; start += slice)
      yield decoder.decode(chunk.subarray(start, start + slice), { stream: true });
  yield decoder.decode();
}
