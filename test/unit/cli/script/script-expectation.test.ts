import { expect, test } from "vitest";

import { differencesFrom, readExpectation } from "../../../../src/cli/script/script-expectation.ts";
import type { TriedScript } from "../../../../src/endpoint/trial/try-script.ts";

const answered: TriedScript = {
  answer: {
    status: 203,
    headers: ["X-A", "1", "x-a", "2", "content-type", "application/json"],
    body: Buffer.from('{"a":{"b":[1]},"c":null}'),
  },
  edits: null,
  refusal: null,
  outcome: null,
};
const edited: TriedScript = { ...answered, answer: null, edits: { setHeaders: { "x-a": "1" } } };
const refused: TriedScript = { ...answered, answer: null, refusal: { code: 12 } };

test.each([
  ["what is not said", {}, answered],
  ["a status", { status: 203 }, answered],
  ["a header, in any case", { headers: { "x-A": "1, 2" } }, answered],
  ["a body as JSON", { body: { c: null, a: { b: [1] } } }, answered],
  ["a body as text", { body: '{"a":{"b":[1]},"c":null}' }, answered],
  ["edits", { edits: { setHeaders: { "x-a": "1" } } }, edited],
  ["an error", { errorCode: 12 }, refused],
])("%s is as expected", (_what, expectation, tried) => {
  expect(differencesFrom(readExpectation(JSON.stringify(expectation), "it"), tried)).toEqual([]);
});

test.each([
  [{ status: 200 }, answered, ["status: expected 200, got 203"]],
  [{ headers: { "x-b": "1" } }, answered, ['headers.x-b: expected "1", got nothing']],
  [
    { body: { a: { b: [2] }, d: 1 } },
    answered,
    [
      "body.a.b: expected [2], got [1]",
      "body.d: expected 1, got nothing",
      "body.c: expected nothing, got null",
    ],
  ],
  [{ body: "x" }, answered, ['body: expected "x", got "{\\"a\\":{\\"b\\":[1]},\\"c\\":null}"']],
  [{ edits: {} }, edited, ['edits.setHeaders: expected nothing, got {"x-a":"1"}']],
  [{}, refused, ["errorCode: expected null, got 12"]],
  [{ errorCode: 13 }, refused, ["errorCode: expected 13, got 12"]],
  [{ errorCode: 12 }, answered, ["errorCode: expected 12, got null"]],
])("%j is told from what came", (expectation, tried, differences) => {
  expect(differencesFrom(expectation, tried)).toEqual(differences);
});

test.each([
  ['{ "stauts": 200 }', /unknown field "stauts": did you mean 'status'/],
  ['{ "headers": [] }', /'headers' must be headers by name/],
])("%s is no expectation", (text, message) => {
  expect(() => readExpectation(text, "it")).toThrow(message);
});
