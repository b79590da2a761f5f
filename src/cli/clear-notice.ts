import { type Command, InvalidArgumentError } from "commander";

import { AppError } from "../errors.ts";
import type { NewNotice } from "../store/limits/limit-store.ts";
import type { Store } from "../store/store.ts";
import { addConfigFlags, commandLog, configOf } from "./config-flags.ts";
import { findObject } from "./find-object.ts";
import { withStore } from "./open-parts.ts";
import { parseKind } from "./output/kind-words.ts";
import { talk } from "./output/output.ts";

/** `gitway clear-notice KIND NAME`: says that somebody has seen that a rate limit was hit. */
export function addClearNotice(program: Command): void {
  const command = program
    .command("clear-notice")
    .description("Clear the notice that a rate limit was hit. The next time that it is, there is another.")
    .argument("<kind>", "token or definition", parseLimited)
    .argument("<name>", "the name of the token or definition")
    .action(async (kind: NewNotice["kind"], name: string) => {
      const config = configOf(command);
      await withStore(config, commandLog(config), (store) => clear(store, kind, name));
    });
  addConfigFlags(command);
}

async function clear(store: Store, kind: NewNotice["kind"], name: string): Promise<void> {
  await findObject(store, kind, name);
  if (!(await store.clearNotice(kind, name)))
    throw new AppError(
      "not-found",
      `${kind} '${name}' has no notice: 'gitway status' lists those that are open.`,
    );
  talk(`Cleared the notice of ${kind} '${name}'.`);
}

function parseLimited(text: string): NewNotice["kind"] {
  const kind = parseKind(text);
  if (kind === "ApiToken" || kind === "ApiDefinition") return kind;
  throw new InvalidArgumentError("Give token or definition: nothing else has a rate limit.");
}
