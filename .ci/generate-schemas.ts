import { readdirSync, readFileSync } from "node:fs";

/** The file that carries the schemas into the program, so that pure code needs no file to validate. */
export const generatedSchemas = "src/schemas.generated.ts";

/** The TypeScript text that holds every schema. */
export function generateSchemas(): string {
  const entries = readdirSync("schemas")
    .filter((name) => name.endsWith(".schema.json"))
    .sort()
    .map((name) => `  "${name}": ${JSON.stringify(JSON.parse(readFileSync(`schemas/${name}`, "utf8")))},`);
  return [
    "/* Generated from schemas/ by `npm run types`. Do not edit. */",
    "",
    "/** The JSON Schemas of `schemas/`, by file name. */",
    "export const schemas: Readonly<Record<string, Record<string, unknown>>> = {",
    ...entries,
    "};",
    "",
  ].join("\n");
}
