import { type Command, InvalidArgumentError, Option } from "commander";

import type { Person } from "../plan/plan.ts";
import type { Store } from "../store/store.ts";
import { byFlag, personOf } from "./acting-person.ts";
import { addConfigFlags, commandLog, configOf } from "./config-flags.ts";
import { findObject } from "./find-object.ts";
import { withStore } from "./open-parts.ts";
import { counted, talk } from "./output/output.ts";

interface RevokeOptions {
  readonly id?: number;
  readonly all?: true;
  readonly by?: string;
}

/** `gitway token revoke NAME`: shuts out whoever holds a secret of the token, for good. */
export function addTokenRevoke(token: Command): void {
  const command = token
    .command("revoke")
    .description("Revoke the secrets of a token, or one of them, at once and for good, whatever Git says.")
    .argument("<name>", "the token's name")
    .addOption(
      new Option("--id <number>", "Only this one; 'gitway token list' shows the numbers.").argParser(parseId),
    )
    .addOption(new Option("--all", "All of them; so it is without --id.").conflicts("id"))
    .addOption(byFlag())
    .action(async (name: string, options: RevokeOptions) => {
      const by = personOf(options.by);
      const config = configOf(command);
      await withStore(config, commandLog(config), (store) => revokeSecrets(store, name, by, options.id));
    });
  addConfigFlags(command);
}

async function revokeSecrets(store: Store, name: string, by: Person, id: number | undefined): Promise<void> {
  const token = await findObject(store, "ApiToken", name);
  const revoked = await store.revokeCredentials({ token: name, by, ...(id === undefined ? {} : { id }) });
  if (revoked.length === 0) {
    talk(`ApiToken '${name}' has no such secret that is not revoked already.`, "warning");
    return;
  }
  talk(
    `Revoked ${counted(revoked.length, "secret")} of ApiToken '${name}', by ${by.name}. Nobody gets in with it again.`,
  );
  if (token.kind === "ApiToken" && token.spec.secret.generate !== true)
    talk(`The manifest (${token.path}:${token.line}) still refers to it: refer to another secret there.`);
}

function parseId(text: string): number {
  const id = Number(text);
  if (/^\d+$/.test(text) && Number.isSafeInteger(id)) return id;
  throw new InvalidArgumentError("Give the number of a credential; 'gitway token list' shows them.");
}
