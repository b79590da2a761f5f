import type { Command } from "commander";

import { createProgram } from "../src/cli/program.ts";
import { configFileOption, configOptions } from "../src/config-options.ts";
import { endpointErrors } from "../src/endpoint/endpoint-error.ts";
import { schemas } from "../src/schemas.generated.ts";

interface Schema {
  readonly title?: string;
  readonly description?: string;
  readonly type?: string | readonly string[];
  readonly enum?: readonly unknown[];
  readonly default?: unknown;
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: boolean | Schema;
  readonly items?: Schema;
  readonly $ref?: string;
  readonly definitions?: Readonly<Record<string, Schema>>;
}

/** Parts of documents that are written from the code and its schemas: the text between two markers. */
export const generatedParts = [
  { file: "README.md", part: "commands", text: commandTable },
  { file: "README.md", part: "options", text: optionTable },
  { file: ".docs/manifests.md", part: "fields", text: fieldTables },
  { file: ".docs/errors.md", part: "errors", text: errorTable },
];

/** A document with one part replaced: what stands between `<!-- part -->` and `<!-- /part -->`. */
export function withPart(document: string, part: string, text: string): string {
  const [open, close] = [`<!-- ${part} -->`, `<!-- /${part} -->`];
  const [before, rest] = document.split(open);
  const after = rest?.split(close)[1];
  if (before === undefined || after === undefined)
    throw new Error(`the markers ${open} and ${close} are missing`);
  return `${before}${open}\n${text}\n${close}${after}`;
}

function commandTable(): string {
  const rows = createProgram().commands.flatMap((command) => {
    // A command with flags of its own can be called also when there are others below it.
    const own = command.commands.length === 0 || command.options.length > 0 ? [command] : [];
    return [...own, ...command.commands].map((leaf) => row([`\`${commandText(leaf)}\``, leaf.description()]));
  });
  return [row(["command", "does"]), row(["---", "---"]), ...rows].join("\n");
}

function commandText(command: Command): string {
  const parents = command.parent?.parent ? [command.parent.name()] : [];
  const shared = new Set([...configOptions.map(({ flag }) => flag), configFileOption.flag]);
  const args = command.registeredArguments.map((argument) => {
    const name =
      argument.argChoices?.join("|") ?? `${argument.name().toUpperCase()}${argument.variadic ? "…" : ""}`;
    return argument.required ? name : `[${name}]`;
  });
  const flags = command.options
    .filter((option) => !shared.has(option.long ?? ""))
    .map(
      (option) =>
        `[${option.argChoices ? `${option.long} ${option.argChoices.join("|")}` : option.flags.replaceAll(/[<>]/g, "")}]`,
    );
  return ["gitway", ...parents, command.name(), ...args, ...flags].join(" ");
}

function optionTable(): string {
  const rows = configOptions.map((option) => {
    const variables = option.variables.map((variable) => `\`${variable}\``).join(", ");
    return row([
      `\`${option.key}\``,
      `\`${option.flag}\``,
      variables,
      code(option.default),
      option.description,
    ]);
  });
  const file = row([
    "",
    `\`${configFileOption.flag}\``,
    `\`${configFileOption.variable}\``,
    `\`${configFileOption.default}\``,
    "The file with the options.",
  ]);
  return [
    row(["key in `gitway.yaml`", "flag", "environment", "default", "what it says"]),
    row(["---", "---", "---", "---", "---"]),
    ...rows,
    file,
  ].join("\n");
}

function errorTable(): string {
  const rows = Object.entries(endpointErrors).map(([errorCode, error]) => {
    const event = "event" in error ? `\`${error.event}\`` : "";
    return row([errorCode, `\`${error.name}\``, String(error.status), error.detail, event]);
  });
  return [
    row(["`errorCode`", "name", "status", "what callers read", "event"]),
    row(["---", "---", "---", "---", "---"]),
    ...rows,
  ].join("\n");
}

function fieldTables(): string {
  const kinds = ["api-definition", "api-token", "webhook", "user"];
  return kinds
    .map((kind) => {
      const file = `${kind}.schema.json`;
      const schema = schemas[file] as Schema;
      const spec = schema.definitions?.["spec"] as Schema;
      const rows = fieldRows(spec, file, "spec", []);
      return [
        `### ${schema.title}`,
        "",
        `${schema.description} ${spec.description}`,
        "",
        row(["field", "type", "default", "what it says"]),
        row(["---", "---", "---", "---"]),
        ...rows,
      ].join("\n");
    })
    .join("\n\n");
}

function fieldRows(schema: Schema, file: string, path: string, above: readonly string[]): string[] {
  return Object.entries(schema.properties ?? {}).flatMap(([name, property]) => {
    const target = resolve(property, file);
    const field = `${path}.${name}`;
    const items = target.schema.items ? resolve(target.schema.items, target.file) : null;
    const inner = items?.schema.properties ? items : target;
    const required = schema.required?.includes(name) ? " (required)" : "";
    const line = row([
      `\`${field}\`${required}`,
      typeText(target.schema, items?.schema),
      code(property.default ?? target.schema.default),
      property.description ?? target.schema.description ?? "",
    ]);
    const title = inner.schema.title ?? field;
    if (!inner.schema.properties || above.includes(title)) return [line];
    return [
      line,
      ...fieldRows(inner.schema, inner.file, items?.schema.properties ? `${field}[]` : field, [
        ...above,
        title,
      ]),
    ];
  });
}

function resolve(schema: Schema, file: string): { schema: Schema; file: string } {
  if (!schema.$ref) return { schema, file };
  const [target = "", pointer = ""] = schema.$ref.split("#");
  const name = target || file;
  const definition = pointer.split("/").at(-1) ?? "";
  return { schema: (schemas[name] as Schema).definitions?.[definition] ?? {}, file: name };
}

function typeText(schema: Schema, items: Schema | undefined): string {
  if (schema.enum) return schema.enum.map((value) => `\`${String(value)}\``).join(", ");
  if (items)
    return `list of ${items.enum ? items.enum.map((value) => `\`${String(value)}\``).join(", ") : nameOf(items)}`;
  return nameOf(schema);
}

function nameOf(schema: Schema): string {
  return schema.type === "string" && schema.title ? schema.title : String(schema.type ?? "object");
}

function code(value: unknown): string {
  return value === undefined ? "" : `\`${typeof value === "string" ? value : JSON.stringify(value)}\``;
}

function row(cells: readonly string[]): string {
  return `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
}
