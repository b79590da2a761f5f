import { Argument, type Command } from "commander";
import { stringify } from "yaml";

import { AppError } from "../errors.ts";
import type { Kind } from "../manifest/manifest.ts";
import type { StoredObject } from "../plan/plan.ts";
import { printableJson } from "../printable.ts";
import type { Store } from "../store/store.ts";
import { addConfigFlags, commandLog, configOf } from "./config-flags.ts";
import { findObject } from "./find-object.ts";
import { withStore } from "./open-parts.ts";
import { formatFlag } from "./output/formats.ts";
import { objectTable } from "./output/object-table.ts";
import { print, printJson, talk } from "./output/output.ts";

const kindByWord: Readonly<Record<string, Kind>> = {
  definitions: "ApiDefinition",
  tokens: "ApiToken",
  webhooks: "Webhook",
  users: "User",
};

/** `gitway get definitions|tokens|webhooks|users [NAME]`: what is live. */
export function addGet(program: Command): void {
  const command = program
    .command("get")
    .description("Print the objects that are live.")
    .addArgument(new Argument("<kind>", "what to print").choices(Object.keys(kindByWord)))
    .argument("[name]", "only the one with this name")
    .addOption(formatFlag("yaml"))
    .action(async (word: string, name: string | undefined, options: { format: string }) => {
      const config = configOf(command);
      const kind = kindByWord[word] ?? "ApiDefinition";
      await withStore(config, commandLog(config), (store) => showObjects(store, kind, name, options.format));
    });
  addConfigFlags(command);
}

async function showObjects(
  store: Store,
  kind: Kind,
  name: string | undefined,
  format: string,
): Promise<void> {
  const objects = await read(store, kind, name).catch((error: unknown) => {
    // Whoever parses JSON gets some in any case.
    if (format === "json" && error instanceof AppError && error.code === "not-found") printJson([]);
    throw error;
  });
  if (format === "json") printJson(objects.map(asManifest));
  else if (format === "yaml") process.stdout.write(objects.map(asYaml).join("---\n"));
  else {
    const credentials = kind === "ApiToken" ? await store.allCredentials() : [];
    for (const line of objectTable(kind, objects, credentials)) print(line);
    if (objects.length === 0) talk(`There is no ${kind} yet.`);
  }
}

async function read(store: Store, kind: Kind, name: string | undefined): Promise<readonly StoredObject[]> {
  return name === undefined ? store.objects(kind) : [await findObject(store, kind, name)];
}

/** As its manifest says it, with where that stood. */
function asManifest(object: StoredObject): object {
  const { kind, name, id, labels, annotations, spec, version, commit, path, line } = object;
  return {
    apiVersion: "gitway/v1",
    kind,
    metadata: { name, id, labels, annotations },
    spec,
    status: { version, commit, path, line },
  };
}

/** YAML quotes control characters itself; C1 and direction marks it leaves, so they are escaped as in JSON. */
function asYaml(object: StoredObject): string {
  const text = stringify(asManifest(object), { lineWidth: 0 });
  return printableJson(text) === text ? text : `${printableJson(JSON.stringify(asManifest(object)))}\n`;
}
