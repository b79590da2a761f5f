import { expect, test } from "vitest";

import { generatedTypes, generateTypes } from "../../.ci/generate-types.ts";

test.each(generatedTypes)("$types is what $schema generates", async ({ schema, types }) => {
  await expect(await generateTypes(schema)).toMatchFileSnapshot(`../../${types}`);
});
