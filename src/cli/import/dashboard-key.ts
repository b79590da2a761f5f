import { readSmallFile } from "../../config-secrets.ts";
import type { Config } from "../../config.ts";
import { AppError } from "../../errors.ts";
import { Secret } from "../../secret.ts";

/** Where the key for a Dashboard is given. Never the key itself: other users can read a command line. */
export interface KeyFlags {
  readonly keyEnv?: string;
  readonly keyFile?: string;
}

/** The key that the flags lead to; `usage` when there is none. */
export function readKey({ keyEnv, keyFile }: KeyFlags, config: Config): Secret {
  if (keyEnv !== undefined) return usable(config.environment()[keyEnv] ?? "", `$${keyEnv}`);
  if (keyFile !== undefined)
    return usable(
      readSmallFile(keyFile, (reason) => new AppError("usage", reason)),
      keyFile,
    );
  throw new AppError("usage", "A Dashboard wants a key: name where it is with --key-env or --key-file.");
}

/** What can stand in a header. Whether it is a key is for the Dashboard to say. */
function usable(text: string, place: string): Secret {
  const key = text.trim();
  if (/^[\x21-\x7e]{1,4096}$/.test(key)) return new Secret(key);
  const fault = key === "" ? "holds no key" : "holds what can't be a key: white space, or too much";
  throw new AppError("usage", `${place} ${fault}.`);
}
