import { randomBytes } from "node:crypto";
import { userInfo } from "node:os";

import type { Command } from "commander";

import { AppError, messageOf } from "../errors.ts";
import { gitwayActor, type Person, type StoredObject } from "../plan/plan.ts";
import { Secret } from "../secret.ts";
import type { Credential, Store } from "../store/store.ts";
import { addConfigFlags, commandLog, configOf } from "./config-flags.ts";
import { findObject } from "./find-object.ts";
import { formatFlag } from "./formats.ts";
import { withStore } from "./open-parts.ts";
import { print, printJson, table, talk, wholeSeconds } from "./output.ts";

/** `gitway token issue|list`: the secrets that callers of APIs carry. */
export function addToken(program: Command): void {
  const token = program.command("token").description("Issue and list the secrets of tokens.");
  const issue = token
    .command("issue")
    .description("Make a secret for a token and print it, this once. The ones before stay valid.")
    .argument("<name>", "the token's name")
    .option("--by <person>", 'Who issues it: a name, or "Name <mail>". (default: the user of this machine)')
    .action(async (name: string, options: { by?: string }) => {
      const by = personOf(options.by);
      const config = configOf(issue);
      await withStore(config, commandLog(config), (store) => issueSecret(store, name, by));
    });
  addConfigFlags(issue);
  const list = token
    .command("list")
    .description("List the credentials of all tokens, or of one. Secrets and their hashes are not shown.")
    .argument("[name]", "the token's name")
    .addOption(formatFlag())
    .action(async (name: string | undefined, options: { format: string }) => {
      const config = configOf(list);
      await withStore(config, commandLog(config), (store) => listCredentials(store, name, options.format));
    });
  addConfigFlags(list);
}

async function issueSecret(store: Store, name: string, by: Person): Promise<void> {
  const token = await findObject(store, "ApiToken", name);
  if (token.kind === "ApiToken" && token.spec.secret.generate !== true)
    throw new AppError(
      "usage",
      `The secret of ApiToken '${name}' is ${placeOfSecret(token)} (${token.path}:${token.line}). ` +
        "Change it there, or write 'secret: { generate: true }' in the manifest to have it issued here.",
    );
  const secret = new Secret(randomBytes(32).toString("base64url"));
  await store.issueCredential({ token: name, hash: secret.hash(), by });
  talk(`The secret of ApiToken '${name}', issued by ${by.name}. It is not stored and won't be shown again.`);
  process.stdout.write(`${secret.reveal()}\n`);
}

function placeOfSecret(token: Extract<StoredObject, { kind: "ApiToken" }>): string {
  const { env, file } = token.spec.secret;
  if (env !== undefined) return `in the environment variable ${env} of the controller`;
  return file === undefined
    ? "given by its hash in the manifest"
    : `in the file ${file} of the secrets folder`;
}

async function listCredentials(store: Store, name: string | undefined, format: string): Promise<void> {
  const tokens =
    name === undefined ? await store.objects("ApiToken") : [await findObject(store, "ApiToken", name)];
  const credentials: Credential[] = [];
  for (const token of tokens) credentials.push(...(await store.credentials(token.name)));
  if (format === "json") {
    printJson(credentials);
    return;
  }
  const headings = ["id", "token", "origin", "issued by", "at", "not after", "revoked"];
  for (const line of table(headings, credentials.map(rowOf))) print(line);
  if (credentials.length === 0) talk("There is no credential yet. Issue one with: gitway token issue NAME");
}

function rowOf(credential: Credential): string[] {
  const { id, tokenName, origin, issuedBy, issuedAt, notAfter, revokedAt } = credential;
  const times = [issuedAt, notAfter, revokedAt].map((time) => (time === null ? "-" : wholeSeconds(time)));
  return [String(id), tokenName, origin, issuedBy, ...times];
}

/** `Name <mail>`, or a name alone; by default whom this machine knows as its user. */
function personOf(text: string | undefined): Person {
  if (text === undefined) return { name: machineUser(), email: "" };
  const match = /^\s*([^<>]*?)\s*(?:<([^<>]*)>)?\s*$/.exec(text);
  const [, name = "", email = ""] = match ?? [];
  if (name === "" || name.length > 256 || email.length > 256 || name === gitwayActor.name)
    throw new AppError(
      "usage",
      `--by needs a name, or "Name <mail>", and not the reserved one '${gitwayActor.name}'.`,
    );
  return { name, email };
}

/** Containers run under numbers that have no name. */
function machineUser(): string {
  try {
    return userInfo().username;
  } catch (error) {
    throw new AppError(
      "usage",
      `This machine does not know its user; say who you are with --by (${messageOf(error)}).`,
    );
  }
}
