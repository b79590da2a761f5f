import { readFileSync } from "node:fs";

/** The version of this Gitway. The package is one level up from here, compiled or not. */
export function gitwayVersion(): string {
  const text = readFileSync(new URL("../package.json", import.meta.url), "utf8");
  return (JSON.parse(text) as { version: string }).version;
}
