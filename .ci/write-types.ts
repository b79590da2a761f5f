import { readFile, writeFile } from "node:fs/promises";

import { generatedSchemas, generateSchemas } from "./generate-schemas.ts";
import { generatedTypes, generateTypes } from "./generate-types.ts";

for (const { schema, types } of generatedTypes) await writeFile(types, await generateTypes(schema));
await writeFile(generatedSchemas, generateSchemas());
// Only now: the reference is written from the schemas as they have just been generated.
const { generatedParts, withPart } = await import("./generate-reference.ts");
for (const { file, part, text } of generatedParts) {
  await writeFile(file, withPart(await readFile(file, "utf8"), part, text()));
}
