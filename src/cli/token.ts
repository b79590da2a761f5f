import type { Command } from "commander";

import type { Credential } from "../store/credentials/credential-store.ts";
import type { Store } from "../store/store.ts";
import { addConfigFlags, commandLog, configOf } from "./config-flags.ts";
import { findObject } from "./find-object.ts";
import { withStore } from "./open-parts.ts";
import { formatFlag } from "./output/formats.ts";
import { print, printJson, table, talk, wholeSeconds } from "./output/output.ts";
import { addTokenIssue, addTokenRotate } from "./token-issue.ts";
import { addTokenRevoke } from "./token-revoke.ts";

/** `gitway token issue|rotate|revoke|list`: the secrets that callers of APIs carry. */
export function addToken(program: Command): void {
  const token = program.command("token").description("Issue, rotate, revoke and list the secrets of tokens.");
  addTokenIssue(token);
  addTokenRotate(token);
  addTokenRevoke(token);
  addTokenList(token);
}

function addTokenList(token: Command): void {
  const command = token
    .command("list")
    .description("List the credentials of all tokens, or of one. Secrets and their hashes are not shown.")
    .argument("[name]", "the token's name")
    .addOption(formatFlag())
    .action(async (name: string | undefined, options: { format: string }) => {
      const config = configOf(command);
      await withStore(config, commandLog(config), (store) => listCredentials(store, name, options.format));
    });
  addConfigFlags(command);
}

async function listCredentials(store: Store, name: string | undefined, format: string): Promise<void> {
  if (name !== undefined) await findObject(store, "ApiToken", name);
  const credentials = name === undefined ? await store.allCredentials() : await store.credentials(name);
  if (format === "json") {
    printJson(credentials);
    return;
  }
  const headings = ["id", "token", "origin", "issued by", "at", "last used", "not after", "revoked"];
  for (const line of table(headings, credentials.map(rowOf))) print(line);
  if (credentials.length === 0) talk("There is no credential yet. Issue one with: gitway token issue NAME");
}

function rowOf(credential: Credential): string[] {
  const { id, tokenName, origin, issuedBy, issuedAt, lastUsed, notAfter, revokedAt } = credential;
  const times = [issuedAt, lastUsed, notAfter, revokedAt];
  return [
    String(id),
    tokenName,
    origin,
    issuedBy,
    ...times.map((time) => (time === null ? "-" : wholeSeconds(time))),
  ];
}
