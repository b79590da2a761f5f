import { array, assert, integer, property, uint8Array } from "fast-check";
import { describe, expect, test } from "vitest";

import {
  createBatchFrames,
  createCheckFrames,
  type BatchAnswer,
} from "../../../../src/source/git/batch-frames.ts";

const id = "a".repeat(40);

describe("the output of git cat-file --batch", () => {
  test("is taken apart however it is cut", () => {
    const contents = array(uint8Array({ maxLength: 40 }), { maxLength: 6 });
    assert(
      property(contents, integer({ min: 1, max: 50 }), (blobs, size) => {
        const answers = answersTo(cut(Buffer.concat(blobs.map(frame)), size), 1000);

        expect(answers).toEqual(
          blobs.map((blob) => ({ status: "content", id, type: "blob", content: Buffer.from(blob) })),
        );
      }),
    );
  });

  test("has missing objects, and contents that are passed over", () => {
    const output = Buffer.concat([
      Buffer.from(`${id} missing\n`),
      frame(Buffer.alloc(100)),
      frame(Buffer.from("ok")),
      Buffer.from(`${id} missing\n`),
    ]);

    const answers = answersTo(cut(output, 7), 10);

    expect(answers).toEqual([
      { status: "missing" },
      { status: "too-large", type: "blob", size: 100 },
      { status: "content", id, type: "blob", content: Buffer.from("ok") },
      { status: "missing" },
    ]);
  });

  test.each(["no header\n", `${id} blob -1\n`, "x".repeat(5000)])(
    "of another form is refused: %j",
    (text) => {
      expect(() => answersTo([Buffer.from(text)], 10)).toThrow("git cat-file answered");
    },
  );
});

test("the output of git cat-file --batch-check is sizes, however it is cut", () => {
  const output = Buffer.from(`${id} blob 12\n${id} missing\n${id} tree 0\n`);
  const sizes: (number | null)[] = [];
  const frames = createCheckFrames((size) => sizes.push(size));

  for (const chunk of cut(output, 5)) frames.push(chunk);

  expect(sizes).toEqual([12, null, 0]);
  expect(() => frames.push(Buffer.from("nonsense\n"))).toThrow("git cat-file answered");
});

function frame(content: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from(`${id} blob ${content.length}\n`), content, Buffer.from("\n")]);
}

function cut(buffer: Buffer, size: number): Buffer[] {
  const count = Math.ceil(buffer.length / size);
  return Array.from({ length: count }, (_, index) => buffer.subarray(index * size, (index + 1) * size));
}

function answersTo(chunks: readonly Buffer[], maxSize: number): BatchAnswer[] {
  const answers: BatchAnswer[] = [];
  const frames = createBatchFrames(
    () => maxSize,
    (answer) => answers.push(answer),
  );
  for (const chunk of chunks) frames.push(chunk);
  return answers;
}
