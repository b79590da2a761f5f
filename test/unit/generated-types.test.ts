import { Ajv } from "ajv";
import { expect, test } from "vitest";

import { generatedSchemas, generateSchemas } from "../../.ci/generate-schemas.ts";
import { generatedTypes, generateTypes } from "../../.ci/generate-types.ts";
import { schemas } from "../../src/schemas.generated.ts";

test.each(generatedTypes)("$types is what $schema generates", async ({ schema, types }) => {
  await expect(await generateTypes(schema)).toMatchFileSnapshot(`../../${types}`);
});

test("the program carries the schemas as they are", async () => {
  await expect(generateSchemas()).toMatchFileSnapshot(`../../${generatedSchemas}`);
});

test.each(Object.keys(schemas))("%s is a valid JSON Schema", (name) => {
  const ajv = new Ajv({ strict: false });

  void ajv.validateSchema(schemas[name] ?? {});

  expect(ajv.errors).toBeNull();
});
