import { readFile, writeFile } from "node:fs/promises";

import { generatedParts, withPart } from "./generate-reference.ts";
import { generatedSchemas, generateSchemas } from "./generate-schemas.ts";
import { generatedTypes, generateTypes } from "./generate-types.ts";

for (const { schema, types } of generatedTypes) await writeFile(types, await generateTypes(schema));
await writeFile(generatedSchemas, generateSchemas());
for (const { file, part, text } of generatedParts) {
  await writeFile(file, withPart(await readFile(file, "utf8"), part, text()));
}
