import { checkConfig } from "./config-check.ts";
import { configOptions, type ConfigOption, type OptionValue } from "./config-options.ts";
import type { Environment } from "./config-secrets.ts";
import { AppError } from "./errors.ts";

/** One value of an option, and where it was written. */
export interface Written {
  readonly value: OptionValue;
  /** `flag --endpoint-port`, `gitway.yaml`, `environment GITWAY_ENDPOINT_PORT`, `default`. */
  readonly origin: string;
}

/** Values of options by key (`endpoint.port`), from one place such as the flags. */
export type Layer = ReadonlyMap<string, Written>;

/** The options that flags give: text, or several for a list, by key. */
export function flagLayer(flags: Readonly<Record<string, string | readonly string[]>>): Layer {
  return checkedLayer((option) => {
    const given = flags[option.key];
    if (given === undefined) return null;
    return {
      value: typeof given === "string" ? convert(given, option) : given,
      origin: `flag ${option.flag}`,
    };
  });
}

/** The options that environment variables give. An empty variable counts as not set. */
export function environmentLayer(environment: Environment): Layer {
  return checkedLayer((option) => {
    const variable = option.variables.find((name) => (environment[name] ?? "") !== "");
    if (variable === undefined) return null;
    return { value: convert(environment[variable] ?? "", option), origin: `environment ${variable}` };
  });
}

/** The options of a file, which are checked already. */
export function fileLayer(values: Readonly<Record<string, unknown>>, shown: string): Layer {
  return layerOf((option) => {
    const value = valueAt(values, option.key.split("."));
    return value === undefined ? null : { value, origin: shown };
  });
}

/** What the schema says when nobody else does. */
export function defaultLayer(): Layer {
  return layerOf((option) => ({ value: option.default, origin: "default" }));
}

function layerOf(read: (option: ConfigOption) => Written | null): Layer {
  const found = new Map<string, Written>();
  for (const option of configOptions) {
    const written = read(option);
    if (written) found.set(option.key, written);
  }
  return found;
}

function checkedLayer(read: (option: ConfigOption) => Written | null): Layer {
  const layer = layerOf(read);
  const problems = [...layer].flatMap(([key, { value, origin }]) =>
    checkConfig(nest(key.split("."), value)).map((problem) => `${origin}: ${problem.message}`),
  );
  if (problems.length > 0) throw new AppError("config-invalid", problems.join("\n"));
  return layer;
}

/** Text that is no number, or neither true nor false, stays text, so that the schema names the fault. */
function convert(text: string, option: ConfigOption): OptionValue {
  if (option.type === "boolean") return /^(true|false)$/.test(text) ? text === "true" : text;
  if (option.type === "list") return text.split(",").map((item) => item.trim());
  if (option.type === "string" || !/^-?\d+(\.\d+)?$/.test(text)) return text;
  return Number(text);
}

function nest(path: readonly string[], value: unknown): unknown {
  return path.reduceRight((inner, name) => ({ [name]: inner }), value);
}

/** The schema has checked that what stands at an option's key is a value of an option. */
function valueAt(values: unknown, path: readonly string[]): OptionValue {
  return path.reduce<unknown>(
    (inner, name) => (inner as Readonly<Record<string, unknown>> | undefined)?.[name],
    values,
  ) as OptionValue;
}
