import { setImmediate } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

import { expect, test } from "vitest";

import { readBody } from "../../../src/dashboard/read-body.ts";

const limit = 1024 * 1024;

test("a body is read as it came, whatever parts it came in", async () => {
  expect(await readBody(post(["a", "", "bc", "\u00e9"]), limit)).toEqual(Buffer.from("abc\u00e9"));
  expect(await readBody(post([]), limit)).toHaveLength(0);
});

test("a body beyond the limit is not kept", async () => {
  expect(await readBody(post(["1234", "5678"]), 7)).toBe("too-large");
  expect(await readBody(post(["1234", "567"]), 7)).toEqual(Buffer.from("1234567"));
});

test("a body in many parts does not keep what they came in", async () => {
  setFlagsFromString("--expose-gc");
  const collectGarbage = runInNewContext("gc") as () => void;
  const came: WeakRef<object>[] = [];
  let kept = Infinity;
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      // References are only let go of between two tasks.
      await setImmediate();
      if (came.length < 1000) {
        const part = Buffer.alloc(1, "x");
        came.push(new WeakRef(part));
        controller.enqueue(part);
        return;
      }
      collectGarbage();
      kept = came.filter((part) => part.deref() !== undefined).length;
      controller.close();
    },
  });

  const read = await readBody(new Request("http://x", { method: "POST", body, duplex: "half" }), limit);

  expect(read).toEqual(Buffer.alloc(1000, "x"));
  expect(kept).toBeLessThan(10);
});

function post(parts: readonly string[]): Request {
  const body = ReadableStream.from(parts.map((part) => Buffer.from(part)));
  return new Request("http://x", { method: "POST", body, duplex: "half" });
}
