import { expect, test } from "vitest";

import { answerFromHere, showAnswer } from "../../../../src/cli/call/call-answer.ts";

test.each([
  { where: "a terminal gets a line to its end", isTTY: true, body: "hi", written: "hi\n" },
  { where: "a terminal gets no line more than there is", isTTY: true, body: "hi\n", written: "hi\n" },
  { where: "a file gets the bytes alone", isTTY: false, body: "hi", written: "hi" },
])("$where", async ({ isTTY, body, written }) => {
  let text = "";
  const write = (chunk: string | Uint8Array) => {
    text += Buffer.from(chunk).toString("utf8");
    return true;
  };

  await showAnswer(answerFromHere({ status: 200, headers: [], body: Buffer.from(body) }), false, {
    isTTY,
    write,
  });

  expect(text).toBe(written);
});
