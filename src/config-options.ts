import { schemas } from "./schemas.generated.ts";

/** What the text of a flag or an environment variable is turned into. */
type OptionType = "string" | "integer" | "number" | "boolean" | "list";

/** The value of an option; undefined when it has none. */
export type OptionValue = string | number | boolean | readonly string[] | undefined;

/** One option: a key of `gitway.yaml`, a flag and an environment variable. */
export interface ConfigOption {
  /** `endpoint.port` */
  readonly key: string;
  /** `--endpoint-port` */
  readonly flag: string;
  /** `GITWAY_ENDPOINT_PORT`, and others that are read after it. */
  readonly variables: readonly string[];
  readonly type: OptionType;
  readonly description: string;
  /** The schema's default; undefined when there is none. */
  readonly default: OptionValue;
  readonly choices: readonly string[] | null;
}

interface Schema {
  readonly type?: string;
  readonly description?: string;
  readonly default?: OptionValue;
  readonly enum?: readonly string[];
  readonly properties?: Readonly<Record<string, Schema>>;
}

/** Flags that are not spelled like their key. */
const flagsOfTheirOwn: Readonly<Record<string, string>> = { paths: "--path" };

/** Variables that other tools set too; Gitway's own come first. */
const furtherVariables: Readonly<Record<string, readonly string[]>> = { databaseUrl: ["DATABASE_URL"] };

/** Every option, in the order of the schema: the one table behind flags, variables, keys and their help. */
export const configOptions: readonly ConfigOption[] = optionsBelow(
  schemas["config.schema.json"] as Schema,
  [],
);

/** Names the file of options (`gitway.yaml`). Not a key of that file itself. */
export const configFileOption = { flag: "--config", variable: "GITWAY_CONFIG", default: "gitway.yaml" };

function optionsBelow(schema: Schema, parents: readonly string[]): ConfigOption[] {
  return Object.entries(schema.properties ?? {}).flatMap(([name, property]) => {
    const path = [...parents, name];
    return property.properties ? optionsBelow(property, path) : [optionOf(property, path)];
  });
}

function optionOf(schema: Schema, path: readonly string[]): ConfigOption {
  const key = path.join(".");
  const words = path.flatMap((name) => name.split(/(?<=[a-z])(?=[A-Z])/)).map((word) => word.toLowerCase());
  return {
    key,
    flag: flagsOfTheirOwn[key] ?? `--${words.join("-")}`,
    variables: [`GITWAY_${words.join("_").toUpperCase()}`, ...(furtherVariables[key] ?? [])],
    type: schema.type === "array" ? "list" : typeOf(schema.type),
    description: schema.description ?? "",
    default: schema.default,
    choices: schema.enum ?? null,
  };
}

/** Durations and sizes are references to shared schemas without a type of their own here: strings. */
function typeOf(type: string | undefined): OptionType {
  return type === "integer" || type === "number" || type === "boolean" ? type : "string";
}
