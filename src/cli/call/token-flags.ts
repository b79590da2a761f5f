import { type Command, Option } from "commander";

import { readSmallFile } from "../../config-secrets.ts";
import type { Config } from "../../config.ts";
import { AppError } from "../../errors.ts";
import { Secret } from "../../secret.ts";

/** Where a secret is given. None of them is the secret itself: other users can read a command line. */
export interface TokenFlags {
  readonly tokenEnv?: string;
  readonly tokenFile?: string;
  readonly tokenStdin?: true;
  readonly tokenHeader: string;
}

const ways = ["tokenEnv", "tokenFile", "tokenStdin", "as"] as const;

/** The flags that give the secret of a token. */
export function addTokenFlags(command: Command): Command {
  const others = (own: (typeof ways)[number]) => ways.filter((way) => way !== own);
  return command
    .addOption(
      new Option("--token-env <name>", "The environment variable that holds the token's secret.").conflicts(
        others("tokenEnv"),
      ),
    )
    .addOption(new Option("--token-file <file>", "The file that holds it.").conflicts(others("tokenFile")))
    .addOption(new Option("--token-stdin", "Read it from standard input.").conflicts(others("tokenStdin")))
    .addOption(new Option("--token-header <name>", "The header that carries it.").default("Authorization"));
}

/** The secret that the flags lead to; null when none is asked for, `usage` when there is none. */
export async function readToken(flags: TokenFlags, config: Config): Promise<Secret | null> {
  const { tokenEnv, tokenFile, tokenStdin } = flags;
  if (tokenEnv !== undefined) return usable(config.environment()[tokenEnv] ?? "", `$${tokenEnv}`);
  if (tokenFile !== undefined)
    return usable(
      readSmallFile(tokenFile, (reason) => new AppError("usage", reason)),
      tokenFile,
    );
  return tokenStdin ? usable(await readStandardInput(), "standard input") : null;
}

/** What can stand in a header. Whether it is a token's secret is for the endpoint to say. */
function usable(text: string, place: string): Secret {
  const secret = text.trim();
  if (/^[\x21-\x7e]{1,4096}$/.test(secret)) return new Secret(secret);
  const fault = secret === "" ? "holds no secret" : "holds what can't be a secret: white space, or too much";
  throw new AppError("usage", `The token: ${place} ${fault}.`);
}

async function readStandardInput(): Promise<string> {
  let text = "";
  for await (const chunk of process.stdin.setEncoding("utf8") as AsyncIterable<string>) {
    text += chunk;
    if (text.length > 64 * 1024) break;
  }
  return text;
}
