import * as fc from "fast-check";
import { expect, test } from "vitest";

import {
  manifestFiles,
  manifestStream,
  referencedContents,
} from "../../../../src/cli/export/export-manifests.ts";
import type { Manifest } from "../../../../src/manifest/manifest.ts";
import type { StoredObject } from "../../../../src/plan/plan.ts";
import { storedFrom } from "../../../support/changes-between.ts";
import { arbitrarySpec } from "../../manifest/arbitrary-spec.ts";
import { objectOf, read, setOf } from "../../manifest/reading.ts";

const newFiles = "{path}/{kind}/{name}.yaml";
const places = { paths: ["manifests/"], dashboard: { newFiles } } as never;

const arbitraryDocument = fc.record({
  apiVersion: fc.constant("gitway/v1"),
  kind: fc.constant("ApiDefinition"),
  metadata: fc.record(
    {
      name: fc.constant("x"),
      id: fc.uuid(),
      labels: fc.dictionary(fc.stringMatching(/^[a-z]{1,5}$/), fc.stringMatching(/^[a-z]{1,5}$/), {
        maxKeys: 2,
      }),
      annotations: fc.record({
        note: fc.string({ unit: "binary", maxLength: 40 }).filter((text) => !/[\p{Surrogate}\0]/u.test(text)),
      }),
    },
    { requiredKeys: ["name"] },
  ),
  spec: arbitrarySpec,
});

test("whatever a definition says, what is exported says the same, in a file or in the stream", () => {
  fc.assert(
    fc.property(arbitraryDocument, (document) => {
      const [object] = setOf(read(JSON.stringify(document), "elsewhere/deep/a.yaml")).manifests;
      fc.pre(object !== undefined);
      const objects = [stored(object)];

      const files = [...manifestFiles({ objects }, places)];
      const stream = manifestStream({ objects }, places, undefined);

      expect(files.map(([path]) => path)).toEqual(["manifests/definitions/x.yaml"]);
      for (const [path, text] of [...files, ["manifests/exported.yaml", stream] as const])
        expect(objectOf(text, path).hash).toBe(object.hash);
    }),
  );
});

test("objects that go to one file are one after the other in it", () => {
  const objects = ["a", "b"].map((name) => stored(objectOf(reply(name))));
  const files = manifestFiles({ objects }, {
    paths: [],
    dashboard: { newFiles: "{path}/all.yaml" },
  } as never);

  const [[path, text] = ["", ""], ...others] = files;

  expect(others).toEqual([]);
  expect(setOf(read(text, path)).manifests.map(({ name }) => name)).toEqual(["a", "b"]);
});

test("files that are named come along once", () => {
  const content = Buffer.from("x");
  const objects = ["a", "b"].map((name) => ({ ...stored(objectOf(reply(name))), files: { "s.js": "1" } }));

  expect([...referencedContents({ objects, contents: new Map([["1", content]]) })]).toEqual([
    ["s.js", content],
  ]);
});

function reply(name: string): string {
  return `{apiVersion: gitway/v1, kind: ApiDefinition, metadata: {name: ${name}}, spec: {route: ${name}, action: {reply: {}}}}`;
}

function stored(manifest: Manifest): StoredObject {
  return storedFrom(manifest, "");
}
