import { closeSync, constants, fstatSync, openSync, readSync, realpathSync } from "node:fs";
import { isAbsolute, relative, resolve, sep } from "node:path";

import { AppError, messageOf } from "./errors.ts";
import type { Log } from "./log.ts";
import { isTokenSecret, Secret } from "./secret.ts";

/** The environment variables of a process. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** Where a secret is: in an environment variable, or in a file. */
export interface SecretPlace {
  readonly env?: string | undefined;
  readonly file?: string | undefined;
}

/** Reads the secrets that manifests refer to; null, and a warning in the log, when there is no usable one. */
export type SecretResolver = (reference: SecretPlace) => Promise<Secret | null>;

/** No secret is larger. */
const largestSecret = 64 * 1024;

/**
 * The secret of an option such as `credentials.passwordEnv`. Null when the option is not given;
 * `config-invalid` when it is and there is no secret.
 */
export function readOptionSecret(
  option: string,
  place: SecretPlace,
  environment: Environment,
): Secret | null {
  if (place.env !== undefined) {
    const value = environment[place.env];
    if (value) return new Secret(value);
    throw new AppError(
      "config-invalid",
      `${option}Env names the environment variable ${place.env}, which is not set.`,
    );
  }
  if (place.file === undefined) return null;
  const value = readSmallFile(
    place.file,
    (reason) => new AppError("config-invalid", `${option}File: ${reason}`),
  );
  if (value === "") throw new AppError("config-invalid", `${option}File: ${place.file} is empty.`);
  return new Secret(value);
}

/**
 * Resolves references of manifests. A `file` is read below `folder` only, symlinks followed; secrets shorter
 * than 32 characters or with odd characters (UD-APIs 1.4) are not used.
 */
export function secretResolver(folder: string, environment: Environment, log: Log): SecretResolver {
  return async (reference) => {
    const place = reference.env === undefined ? { file: reference.file } : { env: reference.env };
    const found =
      reference.env === undefined ? fromFile(folder, reference.file) : (environment[reference.env] ?? "");
    if (found === null) return null;
    if (found instanceof Error) log.warn({ ...place, reason: found.message }, "a secret can't be read");
    else if (found === "") log.warn(place, "a secret is referred to but missing");
    else if (!isTokenSecret(found))
      log.warn(place, "a secret is not used: it needs at least 32 characters of a-z A-Z 0-9 _ - . = + /");
    else return new Secret(found);
    return null;
  };
}

function fromFile(folder: string, file: string | undefined): string | Error | null {
  if (file === undefined) return null;
  try {
    const root = realpathSync(folder);
    const path = realpathSync(resolve(root, file));
    const inside = relative(root, path);
    if (inside === "" || inside === ".." || inside.startsWith(`..${sep}`) || isAbsolute(inside))
      return new Error("the file is outside of the secrets folder");
    return readSmallFile(path, (reason) => new Error(reason));
  } catch (error) {
    return error instanceof Error ? error : new Error(messageOf(error));
  }
}

/** The text of a file of at most 64 KiB, without one trailing line break. Throws what `failure` makes of the reason. */
export function readSmallFile(file: string, failure: (reason: string) => Error): string {
  let handle: number;
  try {
    // Not blocking: a pipe in this place must not stop the process.
    handle = openSync(file, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    throw failure(`${file} can't be read (${(error as NodeJS.ErrnoException).code ?? "unknown"}).`);
  }
  try {
    if (!fstatSync(handle).isFile()) throw failure(`${file} is not a file.`);
    const buffer = Buffer.alloc(largestSecret + 1);
    const length = readSync(handle, buffer, 0, buffer.length, 0);
    if (length > largestSecret) throw failure(`${file} is larger than ${largestSecret} bytes.`);
    return buffer.toString("utf8", 0, length).replace(/\r?\n$/, "");
  } finally {
    closeSync(handle);
  }
}
