import { type Command, InvalidArgumentError, Option } from "commander";

import { AppError } from "../errors.ts";
import type { Person, StoredObject } from "../plan/plan.ts";
import { newSecret } from "../secret.ts";
import type { Store } from "../store/store.ts";
import { parseDuration } from "../units.ts";
import { byFlag, personOf } from "./acting-person.ts";
import { addConfigFlags, commandLog, configOf } from "./config-flags.ts";
import { findObject } from "./find-object.ts";
import { withStore } from "./open-parts.ts";
import { counted, talk, wholeSeconds } from "./output/output.ts";

/** `gitway token issue NAME`: one more secret; those before stay. */
export function addTokenIssue(token: Command): void {
  const command = token
    .command("issue")
    .description("Make a secret for a token and print it, this once. The ones before stay valid.")
    .argument("<name>", "the token's name")
    .addOption(byFlag())
    .action(async (name: string, options: { by?: string }) => {
      const by = personOf(options.by);
      const config = configOf(command);
      await withStore(config, commandLog(config), (store) => issueSecret(store, name, by));
    });
  addConfigFlags(command);
}

/** `gitway token rotate NAME`: a new secret, and an end for those before. */
export function addTokenRotate(token: Command): void {
  const command = token
    .command("rotate")
    .description(
      "Make a new secret for a token and print it, this once. The ones before end after the overlap.",
    )
    .argument("<name>", "the token's name")
    .addOption(
      new Option("--overlap <duration>", "How long the secrets before stay valid; 0s ends them at once.")
        .argParser(parseOverlap)
        .default(parseDuration("24h"), "24h"),
    )
    .addOption(byFlag())
    .action(async (name: string, options: { overlap: number; by?: string }) => {
      const by = personOf(options.by);
      const config = configOf(command);
      await withStore(config, commandLog(config), (store) => rotateSecret(store, name, by, options.overlap));
    });
  addConfigFlags(command);
}

async function issueSecret(store: Store, name: string, by: Person): Promise<void> {
  await refuseForeignSecret(store, name);
  const secret = newSecret();
  await store.issueCredential({ token: name, hash: secret.hash(), by });
  talk(`The secret of ApiToken '${name}', issued by ${by.name}. It is not stored and won't be shown again.`);
  process.stdout.write(`${secret.reveal()}\n`);
}

async function rotateSecret(store: Store, name: string, by: Person, overlap: number): Promise<void> {
  await refuseForeignSecret(store, name);
  const secret = newSecret();
  const { ended } = await store.rotateCredential({ token: name, hash: secret.hash(), by, overlap });
  talk(
    `The new secret of ApiToken '${name}', rotated by ${by.name}. It is not stored and won't be shown again.`,
  );
  const [end] = ended.flatMap(({ notAfter }) => notAfter ?? []);
  const before = counted(ended.length, "secret");
  if (end === undefined) talk("There was no earlier secret that would have been valid for longer.");
  else if (overlap === 0) talk(`${before} before it ended now.`);
  else talk(`${before} before it: valid until ${wholeSeconds(end)}. 'gitway token revoke' ends one at once.`);
  process.stdout.write(`${secret.reveal()}\n`);
}

/** Only a secret that Gitway issues can be issued. */
async function refuseForeignSecret(store: Store, name: string): Promise<void> {
  const token = await findObject(store, "ApiToken", name);
  if (token.kind === "ApiToken" && token.spec.secret.generate !== true)
    throw new AppError(
      "usage",
      `The secret of ApiToken '${name}' is ${placeOfSecret(token)} (${token.path}:${token.line}). ` +
        "Change it there, or write 'secret: { generate: true }' in the manifest to have it issued here.",
    );
}

function placeOfSecret(token: Extract<StoredObject, { kind: "ApiToken" }>): string {
  const { env, file } = token.spec.secret;
  if (env !== undefined) return `in the environment variable ${env} of the controller`;
  return file === undefined
    ? "given by its hash in the manifest"
    : `in the file ${file} of the secrets folder`;
}

function parseOverlap(text: string): number {
  const overlap = /^\d{1,9}(ms|s|m|h|d)$/.test(text) ? parseDuration(text) : Number.NaN;
  if (overlap <= parseDuration("365d")) return overlap;
  throw new InvalidArgumentError("Give a duration such as 30m, 24h or 7d, of 365d at most.");
}
