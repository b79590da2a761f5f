import { readFileSync } from "node:fs";

import { expect, test } from "vitest";

import { generatedParts, withPart } from "../../.ci/generate-reference.ts";

test.each(generatedParts)("the $part in $file are those of the code", ({ file, part, text }) => {
  const document = readFileSync(file, "utf8");

  expect(document).toBe(withPart(document, part, text()));
});
