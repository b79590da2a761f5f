import * as fc from "fast-check";
import { expect, test } from "vitest";

import { packBatch, unpackBatch } from "../../../src/endpoint/batch/packed-batch.ts";
import type { BatchedRequest } from "../../../src/endpoint/batch/read-batch.ts";

test("a batch is the same after it was packed", () => {
  const text = fc.string({ unit: "binary" });
  const request: fc.Arbitrary<BatchedRequest> = fc.record({
    relativeUrl: fc.oneof(text, fc.constant("\ud800")),
    url: text,
    method: text,
    headers: fc.array(fc.tuple(text, text)),
    body: fc.uint8Array().map((bytes) => Buffer.from(bytes)),
  });

  fc.assert(
    fc.property(fc.array(request), fc.boolean(), (requests, inTurn) => {
      const unpacked = unpackBatch(packBatch({ requests: requests.values(), inTurn }));

      expect(unpacked.inTurn).toBe(inTurn);
      expect([...unpacked.requests]).toEqual(requests);
    }),
  );
});
