import { compileFromFile } from "json-schema-to-typescript";

/** Which schema becomes which file of types. */
export const generatedTypes = [
  { schema: "schemas/api-definition.schema.json", types: "src/manifest/api-definition.generated.ts" },
  { schema: "schemas/api-token.schema.json", types: "src/manifest/api-token.generated.ts" },
  { schema: "schemas/webhook.schema.json", types: "src/manifest/webhook.generated.ts" },
  { schema: "schemas/user.schema.json", types: "src/manifest/user.generated.ts" },
];

/** The TypeScript text for one schema file, the same on every machine. */
export function generateTypes(schema: string): Promise<string> {
  return compileFromFile(schema, {
    bannerComment: `/* Generated from ${schema} by \`npm run types\`. Do not edit. */`,
    cwd: "schemas",
    ignoreMinAndMaxItems: true,
    enableConstEnums: false,
    format: true,
  });
}
