import { writeFile } from "node:fs/promises";

import { generatedSchemas, generateSchemas } from "./generate-schemas.ts";
import { generatedTypes, generateTypes } from "./generate-types.ts";

for (const { schema, types } of generatedTypes) await writeFile(types, await generateTypes(schema));
await writeFile(generatedSchemas, generateSchemas());
