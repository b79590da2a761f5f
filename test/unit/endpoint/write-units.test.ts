import * as fc from "fast-check";
import { expect, test } from "vitest";

import { type Unit, writeUnits } from "../../../src/endpoint/batch/write-units.ts";

const headers = { "Content-Type": ["text/plain"] };
const longest = 250_000;

test("is what JSON makes of all units at once, however their bodies came", async () => {
  const bytes = fc.oneof(
    fc.string({ unit: "binary" }).map((text) => Buffer.from(text)),
    fc.uint8Array(),
  );
  const unit: fc.Arbitrary<Unit> = fc.record({
    relative_url: fc.string({ unit: "binary" }),
    code: fc.nat(),
    headers: fc.dictionary(fc.string(), fc.array(fc.string())),
    body: fc.array(bytes),
  });

  await fc.assert(
    fc.asyncProperty(fc.array(unit), async (units) => {
      expect((await pieces(units)).join("")).toBe(JSON.stringify(units.map(whole)));
    }),
  );
});

test.each<[string, Buffer]>([
  ["of two bytes", Buffer.from("é".repeat(100_000))],
  ["of three bytes", Buffer.from("€".repeat(100_000))],
  ["of four bytes", Buffer.from("😀".repeat(100_000))],
  ["that are none", Buffer.alloc(100_000, 0xf0)],
  ["that go on for ever", Buffer.alloc(100_000, 0x80)],
  ["that have to be escaped", Buffer.alloc(100_000, 1)],
  ["that say how bytes are ordered", Buffer.from("\ufeff".repeat(100_000))],
])("a large body of characters %s is the same in short pieces", async (_what, body) => {
  const units = [0, 1, 2, 3].map((skipped) => unitOf(body.subarray(skipped)));

  const written = await pieces(units);

  expect(written.join("")).toBe(JSON.stringify(units.map(whole)));
  expect(Math.max(...written.map(({ length }) => length))).toBeLessThan(longest);
});

test("many small units are a few pieces", async () => {
  const units = Array.from({ length: 10_000 }, () => unitOf(Buffer.from("ok")));

  const written = await pieces(units);

  expect(written.join("")).toBe(JSON.stringify(units.map(whole)));
  expect(written.length).toBeLessThan(100);
  expect(written.length).toBeGreaterThan(10);
});

function unitOf(body: Uint8Array): Unit {
  return { relative_url: "x", code: 200, headers, body: [body] };
}

function whole(unit: Unit) {
  return { ...unit, body: Buffer.concat(unit.body).toString("utf8") };
}

async function pieces(units: readonly Unit[]): Promise<string[]> {
  const written: string[] = [];
  for await (const piece of writeUnits(units)) written.push(piece);
  return written;
}
