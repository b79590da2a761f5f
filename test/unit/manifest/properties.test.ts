import * as fc from "fast-check";
import { expect, test } from "vitest";
import { stringify } from "yaml";

import { canonicalJson } from "../../../src/manifest/canonical.ts";
import { claimOf } from "../../../src/manifest/references.ts";
import { arbitraryRoute as route, arbitrarySpec as spec } from "./arbitrary-spec.ts";
import { objectOf, problemsOf, read, readOne, reply } from "./reading.ts";

const seed = `apiVersion: gitway/v1
kind: ApiDefinition
metadata:
  name: seed
  labels: { team: video }
spec:
  route: encoders/{encoderId}/status
  tokens: &t [internal, "partner"]
  paths:
    allowed:
      - path: /a
        methods: { GET: { action: reply, body: 'x' } }
  dashboard:
    a: *t
    b: |
      text
  action: { reply: { status: 200 } }
---
apiVersion: gitway/v1
kind: ApiToken
metadata: { name: internal }
spec: { secret: { generate: true } } # comment
`;

const fragments = [
  "\n",
  "  ",
  "---\n",
  "{",
  "}",
  "[",
  "]",
  ":",
  ": ",
  "- ",
  "? ",
  "|",
  ">",
  '"',
  "'",
  "&a",
  "*a",
  "!x",
  "<<",
  "#",
  "%",
  "\t",
  "null",
  "\u0000",
  "\uFEFF",
  "𐍈",
  "\ud800",
];

function expectOrderly(text: string): void {
  const file = read(text);

  expect(structuredClone(file)).toEqual(file);
  const lines = text.split("\n").length;
  for (const { line, column, endLine, endColumn } of file.documents.flatMap(problemsOf)) {
    expect(line >= 1 && column >= 1 && line <= lines && (endLine > line || endColumn > column)).toBe(true);
  }
}

test("no text makes the parser throw, and every problem has a place in it", () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string({ unit: "binary" }),
        fc.string(),
        fc.array(fc.constantFrom(...fragments)).map((parts) => parts.join("")),
      ),
      expectOrderly,
    ),
    { numRuns: 300 },
  );
});

test("no change to a manifest makes the parser throw", () => {
  const edit = fc.record({
    at: fc.nat(seed.length),
    remove: fc.nat(30),
    insert: fc.constantFrom("", ...fragments),
  });
  const mutated = fc
    .array(edit, { minLength: 1, maxLength: 4 })
    .map((edits) =>
      edits.reduce(
        (text, { at, remove, insert }) => text.slice(0, at) + insert + text.slice(at + remove),
        seed,
      ),
    );

  fc.assert(fc.property(mutated, expectOrderly), { numRuns: 300 });
});

test("no slip makes a document vanish: its name is known, or something is unidentified", () => {
  const names = ["name: seed", "name: internal"].map((text) => seed.indexOf(text) + "name:".length);
  const isInName = (at: number) => names.some((start) => at >= start && at <= start + " internal".length);
  const slip = fc.record({
    at: fc.nat(seed.length).filter((at) => !isInName(at)),
    insert: fc.constantFrom(...fragments),
  });

  fc.assert(
    fc.property(slip, ({ at, insert }) => {
      const { documents } = read(seed.slice(0, at) + insert + seed.slice(at));

      const unread = documents.some(({ status }) => status === "unidentified");
      const known = new Set(
        documents.map((document) => (document.status === "unidentified" ? "" : document.name)),
      );
      expect(unread || (known.has("seed") && known.has("internal"))).toBe(true);
    }),
    {
      numRuns: 500,
      examples: [[{ at: seed.indexOf("---"), insert: "- " }], [{ at: seed.indexOf("name"), insert: "}" }]],
    },
  );
});

test("canonical JSON doesn't depend on the order of keys", () => {
  const shuffled = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(shuffled);
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(
      Object.entries(value)
        .reverse()
        .map(([key, field]) => [key, shuffled(field)]),
    );
  };

  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const text = canonicalJson(value);

      expect(canonicalJson(shuffled(value))).toBe(text);
      expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(value)));
    }),
  );
});

test("normalising twice is normalising once", () => {
  fc.assert(
    fc.property(spec, (spec) => {
      const head = { apiVersion: "gitway/v1", kind: "ApiDefinition", metadata: { name: "x" } };
      const once = objectOf(stringify({ ...head, spec }), "a.yaml");

      const twice = objectOf(stringify({ ...head, spec: once.spec }), "a.yaml");

      expect(twice.spec).toEqual(once.spec);
      expect(twice.hash).toBe(once.hash);
    }),
    { numRuns: 100 },
  );
});

test("a claim doesn't change with the names of parameters or the case of a route", () => {
  const claim = (route: string) => claimOf(objectOf(reply(`route: "${route}"`)))?.key;

  fc.assert(
    fc.property(route, (route) => {
      const key = claim(route);

      expect(claim(route.replaceAll(/\{(\w+)\}/g, "{$1x}"))).toBe(key);
      expect(claim(route.toUpperCase())).toBe(key);
      expect(claim(`${route}/more`)).not.toBe(key);
    }),
    { numRuns: 100 },
  );
});

test("the place of a problem is where the field stands, however far down", () => {
  fc.assert(
    fc.property(fc.nat(200), (blank) => {
      const text = reply(`route: x${"\n#".repeat(blank)}\nkeyles: true`);

      expect(problemsOf(readOne(text))).toMatchObject([{ line: 6 + blank, column: 3, endColumn: 9 }]);
    }),
    { numRuns: 20 },
  );
});
