import { createHash, randomUUID } from "node:crypto";
import { access, realpath, rename, rm, stat } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";

import { inDataFolder, makeDataFolder } from "../../data-folder.ts";
import { AppError } from "../../errors.ts";
import {
  gitConfig,
  gitEnvironment,
  localPushConfig,
  writeGitConfig,
  type SourceCredentials,
} from "../git/git-environment.ts";
import { gitOutput, oneLine, runGit, type GitSetting } from "../git/git.ts";
import { type Location, parseLocation } from "../git/location.ts";

/** A bare repository of our own that follows a source. */
export interface Mirror {
  readonly setting: GitSetting;
  /** Its folder. */
  readonly path: string;
  readonly location: Location;
  /** Where a local source keeps HEAD and its branches; null for a remote one. */
  readonly local: LocalRepository | null;
}

/** The folders of a local repository; they differ in a linked work tree. */
export interface LocalRepository {
  /** Holds HEAD. */
  readonly gitDir: string;
  /** Holds the branches. */
  readonly commonDir: string;
}

/** The configuration that git has for a push to a local source. */
export function pushConfigFile(mirror: Pick<Mirror, "path">): string {
  return `${mirror.path.replace(/\.git$/, "")}-push.gitconfig`;
}

/** What a mirror is made from. */
export interface MirrorOptions {
  readonly location: string;
  readonly mirror: string;
  readonly credentials: SourceCredentials;
  readonly gitTime: number;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

const oldestGit = [2, 32] as const;

/**
 * Opens the mirror of a source, and makes it when there is none. Each location has its own: beside the
 * folder that is asked for, with a hash of the location in its name, so that a changed location never
 * mixes histories. Beside it lies the only configuration that git reads.
 */
export async function openMirror(options: MirrorOptions): Promise<Mirror> {
  const given = parseLocation(options.location);
  const folder = dirname(resolve(options.mirror));
  await makeDataFolder(folder);

  const found = given.protocol === "file" ? await findLocal(given, folder, options) : null;
  const location = found?.location ?? given;
  const hash = createHash("sha256").update(`${location.protocol} ${location.url}`).digest("hex").slice(0, 12);
  const path = join(folder, `${basename(options.mirror, ".git")}-${hash}.git`);
  const setting = await prepareGit(path, location, options);
  await checkVersion(setting, folder);
  await createMirror(setting, path);
  if (location.protocol === "file")
    await inDataFolder(folder, () =>
      writeGitConfig(pushConfigFile({ path }), localPushConfig(location, options.gitTime)),
    );
  return { setting, path, location, local: found?.local ?? null };
}

async function prepareGit(mirror: string, location: Location, options: MirrorOptions): Promise<GitSetting> {
  const configFile = `${mirror.replace(/\.git$/, "")}.gitconfig`;
  const config = gitConfig(location, options.credentials, options.gitTime);
  await inDataFolder(dirname(mirror), () => writeGitConfig(configFile, config));
  return {
    environment: gitEnvironment(options.environment, { home: dirname(mirror), configFile }),
    timeout: options.gitTime,
  };
}

/** Finds the repository around a folder as git does: upwards, and through a `.git` that is a file. */
async function findLocal(
  given: Location,
  folder: string,
  options: MirrorOptions,
): Promise<{ location: Location; local: LocalRepository }> {
  const start = await existing(given.url);
  const setting = await prepareGit(join(folder, "discovery.git"), given, options);
  const query = [
    "rev-parse",
    "--path-format=absolute",
    "--git-dir",
    "--git-common-dir",
    "--is-bare-repository",
  ];
  const result = await runGit(setting, query, { cwd: start });
  const [gitDir, commonDir, bare] = result.stdout.toString().split("\n");
  if (result.exitCode !== 0 || !gitDir || !commonDir) throw notARepository(start, result.stderr);
  const url = bare === "true" ? gitDir : await topLevel(setting, start, gitDir);
  return { location: { ...given, url, description: url }, local: { gitDir, commonDir } };
}

async function topLevel(setting: GitSetting, start: string, gitDir: string): Promise<string> {
  const result = await runGit(setting, ["rev-parse", "--path-format=absolute", "--show-toplevel"], {
    cwd: start,
  });
  const path = result.stdout.toString().replace(/\n$/, "");
  return result.exitCode === 0 && path !== "" ? path : gitDir;
}

async function existing(path: string): Promise<string> {
  try {
    const real = await realpath(path);
    if ((await stat(real)).isDirectory()) return real;
  } catch (error) {
    throw new AppError(
      "source-unreachable",
      `The source ${path} does not exist or can't be read. Correct the path.`,
      {
        cause: error,
      },
    );
  }
  throw new AppError(
    "source-unreachable",
    `The source ${path} is a file. Give the folder of a Git repository.`,
  );
}

function notARepository(path: string, stderr: string): AppError {
  if (/not a git repository|must be run in a work tree/i.test(stderr))
    return new AppError(
      "source-unreachable",
      `${path} is not in a Git repository. Run 'git init' there and commit, or give another source.`,
    );
  return new AppError("source-unreachable", `${path} can't be read as a Git repository: ${oneLine(stderr)}`);
}

async function checkVersion(setting: GitSetting, cwd: string): Promise<void> {
  const text = (await gitOutput(setting, ["version"], { cwd })).toString();
  const [, major, minor] = /(\d+)\.(\d+)/.exec(text) ?? [];
  const [oldMajor, oldMinor] = oldestGit;
  if (Number(major) > oldMajor || (Number(major) === oldMajor && Number(minor) >= oldMinor)) return;
  throw new AppError(
    "git-missing",
    `Git 2.32 or newer is needed, and this is '${oneLine(text)}'. Update Git.`,
  );
}

/** Makes the repository aside and moves it in place, so that nobody ever sees half of one. */
async function createMirror(setting: GitSetting, path: string): Promise<void> {
  if (await exists(join(path, "HEAD"))) return;
  const draft = `${path}.${randomUUID()}`;
  await gitOutput(setting, ["init", "--quiet", "--bare", "--end-of-options", draft], { cwd: dirname(path) });
  try {
    await rename(draft, path);
  } catch (error) {
    await rm(draft, { recursive: true, force: true });
    if (!(await exists(join(path, "HEAD"))))
      throw new AppError(
        "git-failed",
        `The mirror ${path} can't be made. Delete what is there, or choose another data folder.`,
        {
          cause: error,
        },
      );
  }
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
