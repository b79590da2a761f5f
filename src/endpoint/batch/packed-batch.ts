import type { Batch, BatchedRequest } from "./read-batch.ts";

/** A batch as one thread hands it to another: in one piece, of which no more is looked at than is needed next. */
export interface PackedBatch {
  /** Of each request everything but the body, as JSON, and then the body. All of its buffer, which is handed over. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Where each of these ends. */
  readonly ends: Uint32Array;
  readonly inTurn: boolean;
}

/** Packs a batch. */
export function packBatch({ requests, inTurn }: Batch): PackedBatch {
  const parts = [...requests].flatMap(({ body, ...head }) => [Buffer.from(JSON.stringify(head)), body]);
  let end = 0;
  const ends = Uint32Array.from(parts, ({ length }) => (end += length));
  const bytes = new Uint8Array(end);
  for (const [index, part] of parts.entries()) bytes.set(part, (ends[index] ?? 0) - part.length);
  return { bytes, ends, inTurn };
}

/** The batch; each request is unpacked when its turn comes. */
export function unpackBatch(packed: PackedBatch): Batch {
  return { requests: unpackRequests(packed), inTurn: packed.inTurn };
}

function* unpackRequests({ bytes, ends }: PackedBatch): Generator<BatchedRequest> {
  let start = 0;
  const take = (end = 0) => {
    const part = Buffer.from(bytes.buffer, start, end - start);
    start = end;
    return part;
  };
  for (let index = 0; index < ends.length; index += 2) {
    const head = JSON.parse(take(ends[index]).toString("utf8")) as Omit<BatchedRequest, "body">;
    yield { ...head, body: take(ends[index + 1]) };
  }
}
