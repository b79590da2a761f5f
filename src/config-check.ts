import { Ajv, type ErrorObject, type ValidateFunction } from "ajv";

import { closest } from "./closest.ts";
import { schemas } from "./schemas.generated.ts";

/** What is wrong with a value, and at which key: `["endpoint", "port"]`. */
export interface ConfigProblem {
  readonly path: readonly string[];
  /** The problem is the key itself, not its value. */
  readonly atKey: boolean;
  readonly message: string;
}

let compiled: ValidateFunction | null = null;

/** Problems of options, nested as in `gitway.yaml`; empty when they keep to the schema. */
export function checkConfig(values: unknown): readonly ConfigProblem[] {
  compiled ??= compileSchema();
  return compiled(values) ? [] : (compiled.errors ?? []).map(problemOf);
}

/** The schema is our own, and a test validates it: doing it at each start would cost more than compiling it. */
function compileSchema(): ValidateFunction {
  const trusted = { meta: false, validateSchema: false } as const;
  return new Ajv({ ...trusted, allErrors: true, verbose: true, allowUnionTypes: true })
    .addSchema(schemas["common.schema.json"] ?? {})
    .compile(schemas["config.schema.json"] ?? {});
}

function problemOf(error: ErrorObject): ConfigProblem {
  const path = error.instancePath.split("/").slice(1).map(unescapePointer);
  if (error.keyword !== "additionalProperties")
    return { path, atKey: false, message: valueMessage(error, path.join(".")) };
  const name = String(error.params["additionalProperty"]);
  const known = Object.keys((error.parentSchema as { properties: object }).properties);
  const meant = closest(name, known);
  const advice =
    meant === null ? `known keys are ${known.join(", ")}` : `did you mean '${[...path, meant].join(".")}'?`;
  return {
    path: [...path, name],
    atKey: true,
    message: `unknown key '${[...path, name].join(".")}'; ${advice}`,
  };
}

function valueMessage(error: ErrorObject, key: string): string {
  const params: Record<string, unknown> = error.params;
  const rules: Record<string, () => string> = {
    enum: () => `must be one of ${(params["allowedValues"] as readonly string[]).join(", ")}`,
    type: () =>
      params["type"] === "boolean" ? "must be true or false" : (error.message ?? "has the wrong type"),
    pattern: () => `does not have the right form${exampleOf(error)}`,
  };
  const subject = key === "" ? "the file" : `'${key}'`;
  return `${subject} ${rules[error.keyword]?.() ?? error.message ?? "is wrong"}`;
}

function exampleOf(error: ErrorObject): string {
  const { description, examples } = error.parentSchema as { description?: string; examples?: string[] };
  const written = examples === undefined ? "" : `, for example ${examples.join(", ")}`;
  return description === undefined ? written : ` (${description.replace(/\.$/, "")}${written})`;
}

function unescapePointer(text: string): string {
  return text.replaceAll("~1", "/").replaceAll("~0", "~");
}
