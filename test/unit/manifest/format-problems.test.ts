import { expect, test } from "vitest";

import { formatProblemsGithub, formatProblemsText } from "../../../src/manifest/format-problems.ts";
import type { Problem } from "../../../src/manifest/problem.ts";
import { problemsOf, readOne, reply } from "./reading.ts";

const at = (place: Partial<Problem>): Problem => ({
  file: "apis/a.yaml",
  line: 1,
  column: 1,
  endLine: 1,
  endColumn: 2,
  code: "some-code",
  severity: "error",
  message: "Something is wrong.",
  path: "/spec/route",
  ...place,
});

test("problems read as place, sentence, code, and the line with its range marked", () => {
  const text = reply("rout: x\nroute: /a\ntitle: |\n  \n  \nkeyles: true");
  const lines = text.split("\n");

  const formatted = formatProblemsText(problemsOf(readOne(text)), (_, line) => lines[line - 1]);

  expect(formatted).toMatchInlineSnapshot(`
    "apis/a.yaml:5:3  error  Unknown field 'rout' in 'spec': did you mean 'route'?  [unknown-field]
      5 |   rout: x
        |   ^^^^

    apis/a.yaml:6:10  error  'spec.route' must not begin or end with a slash: write 'a'.  [invalid-route]
      6 |   route: /a
        |          ^^

    apis/a.yaml:7:10  error  'spec.title' must not be empty.  [empty-value]
      7 |   title: |
        |          ^

    apis/a.yaml:10:3  error  Unknown field 'keyles' in 'spec': did you mean 'keyless'?  [unknown-field]
      10 |   keyles: true
         |   ^^^^^^
    "
  `);
});

test("a range of several lines is marked to the end of its first, a tab is one column wide", () => {
  const formatted = formatProblemsText(
    [at({ line: 12, column: 2, endLine: 14, endColumn: 3 })],
    () => "\tabc\r",
  );

  expect(formatted).toBe(
    "apis/a.yaml:12:2  error  Something is wrong.  [some-code]\n  12 |  abc\n     |  ^^^\n",
  );
});

test("a long line is cut around its range", () => {
  const formatted = formatProblemsText(
    [at({ column: 5001, endColumn: 5004 })],
    () => `${"-".repeat(5000)}abc${"-".repeat(5000)}`,
  );

  const [, shown = "", marks = ""] = formatted.split("\n");
  expect(shown.length).toBeLessThan(140);
  expect(shown.slice(marks.indexOf("^"), marks.lastIndexOf("^") + 1)).toBe("abc");
});

test("without a source there is no excerpt", () => {
  expect(formatProblemsText([at({})], () => undefined)).toBe(
    "apis/a.yaml:1:1  error  Something is wrong.  [some-code]\n",
  );
});

test.each(["/spec/secret", "/spec/secret/sha256", "/spec/key"])(
  "the line of %s is not shown, since it may hold a secret",
  (path) => {
    expect(formatProblemsText([at({ path })], () => "  secret: hunter2")).not.toContain("hunter2");
  },
);

test("no file can steer the terminal", () => {
  const formatted = formatProblemsText([at({ file: "a\u001b[2J.yaml" })], () => "x: \u001b]0;evil\u0007");

  // oxlint-disable-next-line no-control-regex -- that is the question
  expect(formatted).not.toMatch(/[\u0000-\u0009\u000b-\u001f]/);
});

test("problems for GitHub are commands whose data is escaped", () => {
  const problems = [
    at({
      file: "apis/a,b:c.yaml",
      line: 3,
      column: 5,
      endLine: 3,
      endColumn: 9,
      message: "100% wrong\r\nreally.",
    }),
    at({ severity: "warning", endLine: 4, endColumn: 1 }),
  ];

  expect(formatProblemsGithub(problems)).toMatchInlineSnapshot(`
    "::error file=apis/a%2Cb%3Ac.yaml,line=3,endLine=3,col=5,endColumn=8,title=some-code::100%25 wrong%0D%0Areally.
    ::warning file=apis/a.yaml,line=1,endLine=4,col=1,endColumn=1,title=some-code::Something is wrong.
    "
  `);
});

test("no problems give no text", () => {
  expect(formatProblemsText([], () => "x")).toBe("");
  expect(formatProblemsGithub([])).toBe("");
});
