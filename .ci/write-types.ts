import { writeFile } from "node:fs/promises";

import { generatedTypes, generateTypes } from "./generate-types.ts";

for (const { schema, types } of generatedTypes) await writeFile(types, await generateTypes(schema));
