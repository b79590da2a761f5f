import { readdirSync, readFileSync } from "node:fs";

import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { isMap, parseDocument, stringify } from "yaml";

import { canonicalJson } from "../../../src/manifest/canonical.ts";
import { addObject, deleteObject, setObject } from "../../../src/manifest/edit/edit-manifest.ts";
import type { WantedObject } from "../../../src/manifest/written-form.ts";
import { arbitrarySpec } from "./arbitrary-spec.ts";
import { draftOf, draftsOf, edited, options, path, setSpec, textOf } from "./editing.ts";
import { changedFields, chance, randomFields, styledFields } from "./styled-yaml.ts";

/** A definition with free fields of its own, written in a random style, among other documents. */
function styledDefinition(seed: number) {
  const by = chance(seed);
  const data = { first: by.pick(10), ...randomFields(by), last: "end" };
  const wanted = { first: data.first, ...changedFields(by, data) };
  const eol = by.of(["\n", "\n", "\r\n"]);
  const lines = [
    "# yaml-language-server: $schema=x.json",
    "apiVersion: gitway/v1",
    "kind: ApiDefinition",
    "metadata: { name: x }",
    "spec:",
    "  route: a/b   # where",
    "  dashboard:",
    ...styledFields(by, data, 4),
    "  # who",
    "  keyless: true",
    "  action: { reply: {} }",
    "---",
    "# the other",
    "kind: ApiToken",
    "apiVersion: gitway/v1",
    "metadata: { name: other }",
    "spec: { secret: &s { generate: true } }",
    "",
  ];
  const text = by.of(["", "", "\uFEFF"]) + lines.join(eol);
  return { text, data, wanted, tail: text.slice(text.indexOf("  # who")) };
}

const seeds = fc.integer({ min: 0, max: 0xffffffff });

describe("in whatever style a document is written", () => {
  test("an object that is already as wanted gives the identical bytes", () => {
    fc.assert(
      fc.property(seeds, (seed) => {
        const { text, data } = styledDefinition(seed);

        expect(draftOf(text, "x").spec).toMatchObject({ dashboard: data });
        expect(edited(text, "x", {})).toBe(text);
        expect(edited(text, "other", {})).toBe(text);
      }),
      { numRuns: 40 },
    );
  });

  test("any value can be put in; it reads back, and what stays the same keeps its bytes", () => {
    fc.assert(
      fc.property(seeds, (seed) => {
        const { text, data, wanted, tail } = styledDefinition(seed);

        const after = edited(text, "x", { dashboard: wanted }) ?? "";

        expect(canonicalJson(draftOf(after, "x").spec)).toBe(
          canonicalJson({ ...draftOf(text, "x").spec, dashboard: wanted }),
        );
        expect(after.endsWith(tail)).toBe(true);
        expect(after.startsWith(text.slice(0, text.indexOf("dashboard:")))).toBe(true);
        const [before, now] = [fieldTexts(text), fieldTexts(after)];
        for (const [key, value] of Object.entries(data))
          if (canonicalJson(value) === canonicalJson((wanted as typeof data)[key as "first"] ?? "gone"))
            expect(now.get(key)).toBe(before.get(key));
      }),
      { numRuns: 40 },
    );
  });

  test("what is added can be deleted again, and an edit can be taken back", () => {
    fc.assert(
      fc.property(seeds, (seed) => {
        const { text, data, wanted } = styledDefinition(seed);
        const object: WantedObject = { kind: "Webhook", name: "hook", spec: { url: "http://a.example" } };

        const added = textOf(addObject({ path, text }, object, options)) ?? "";
        const there = edited(text, "x", { dashboard: wanted }) ?? "";
        const back = edited(there, "x", { dashboard: data }) ?? "";

        expect(draftsOf(added)).toHaveLength(3);
        expect(textOf(deleteObject({ path, text: added }, draftOf(added, "hook"), options))).toBe(text);
        expect(draftOf(back, "x").spec).toEqual(draftOf(text, "x").spec);
      }),
      { numRuns: 40 },
    );
  });
});

/** What each free field of the definition is in the text, from its key to the end of its value's last line. */
function fieldTexts(text: string): Map<string, string> {
  const plain = text.replace("\uFEFF", "").split(/^---/m)[0] ?? "";
  const fields = parseDocument(plain, { stringKeys: true }).getIn(["spec", "dashboard"]);
  if (!isMap(fields)) return new Map();
  return new Map(
    fields.items.map(({ key, value }) => {
      const [from, to] = [key, value] as { range: [number, number] }[];
      return [
        String(key),
        plain.slice(from?.range[0], to?.range[1]).replace(/(?:\r?\n[ \t]*(?:#.*)?)+$/, ""),
      ] as const;
    }),
  );
}

test("a definition becomes any other one, and what holds anyway stays unwritten", () => {
  const head = { apiVersion: "gitway/v1", kind: "ApiDefinition", metadata: { name: "x" } };
  const textOfSpec = (spec: unknown) => `# first\n${stringify({ ...head, spec })}`;

  fc.assert(
    fc.property(arbitrarySpec, arbitrarySpec, (from, to) => {
      const [text, wanted] = [textOfSpec(from), draftOf(textOfSpec(to), "x")];

      const after = textOf(setObject({ path, text }, draftOf(text, "x"), wanted, options)) ?? "";

      expect(draftOf(after, "x").spec).toEqual(wanted.spec);
      expect(textOf(setObject({ path, text: after }, draftOf(after, "x"), wanted, options))).toBe(after);
      for (const key of ["active", "keyless", "match", "events"])
        if (!(key in from) && !(key in to) && after.includes(`\n  ${key}:`)) expect(key).toBe("match");
    }),
    { numRuns: 40 },
  );
});

test("the example is left as it is by edits that change nothing", () => {
  const root = new URL("../../../apis/", import.meta.url);
  const files = readdirSync(root, { recursive: true, encoding: "utf8" }).filter((file) =>
    file.endsWith(".yaml"),
  );
  expect(files.length).toBeGreaterThan(5);
  for (const file of files) {
    const text = readFileSync(new URL(file, root), "utf8");
    for (const { name } of draftsOf(text))
      expect(setSpec(text, name, {})).toEqual({ status: "edited", text });
  }
});
