import { expect, test } from "vitest";

import { generatedSchemas, generateSchemas } from "../../.ci/generate-schemas.ts";
import { generatedTypes, generateTypes } from "../../.ci/generate-types.ts";

test.each(generatedTypes)("$types is what $schema generates", async ({ schema, types }) => {
  await expect(await generateTypes(schema)).toMatchFileSnapshot(`../../${types}`);
});

test("the program carries the schemas as they are", async () => {
  await expect(generateSchemas()).toMatchFileSnapshot(`../../${generatedSchemas}`);
});
