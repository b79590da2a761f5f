import { createHash } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";

import { AppError } from "../../errors.ts";
import { credentialVariables, type SourceCredentials } from "../git/git-environment.ts";
import { runGit, type GitResult } from "../git/git.ts";
import type { ObjectReader } from "../git/object-reader.ts";
import { isObjectId } from "../git/ref-name.ts";
import { readBoundaries } from "../git/shallow-boundary.ts";
import type { Mirror } from "./mirror.ts";
import { sourceError } from "./source-errors.ts";

/** The head of a branch, present in the mirror. */
export interface FetchedRevision {
  readonly commit: string;
  /** The branch, without `refs/heads/`. `HEAD` when the source's HEAD is detached. */
  readonly branch: string;
  /** Whether history is cut off: the source is a shallow clone. */
  readonly shallow: boolean;
}

/** What is fetched with. */
export interface FetchingParts {
  readonly mirror: Mirror;
  readonly objects: ObjectReader;
  readonly credentials: SourceCredentials;
  readonly pushed: LastPushed;
}

/** The commit that was pushed last: it was made here from what was fetched, so nothing of it has to be fetched. */
export interface LastPushed {
  commit: string | null;
}

interface Advertised {
  readonly head: string | null;
  /** What HEAD points to, null when it is detached. */
  readonly headRef: string | null;
  readonly branches: ReadonlyMap<string, string>;
}

/**
 * Asks the source where the branch is, or its HEAD for null, and brings the mirror up to date with it.
 * Several processes may do so at the same time.
 */
export async function fetchBranch(
  { mirror, objects, credentials, pushed }: FetchingParts,
  branch: string | null,
  signal?: AbortSignal,
): Promise<FetchedRevision> {
  const ask: Ask = (args, more) =>
    runGit(mirror.setting, args, {
      cwd: mirror.path,
      signal,
      variables: { ...credentialVariables(credentials), ...more },
    });
  const refuse = (result: GitResult) => sourceError(mirror.location, result.stderr, credentials.password);

  const listed = await ask([
    "ls-remote",
    "--symref",
    "--end-of-options",
    mirror.location.url,
    "HEAD",
    "refs/heads/*",
  ]);
  if (listed.exitCode !== 0) throw refuse(listed);
  const advertised = parseAdvertised(listed.stdout.toString());
  if (advertised.branches.size === 0 && mirror.location.origin !== null) await expectRepository(mirror, ask);
  const { name, ref, commit } = choose(advertised, branch, mirror);

  const wasShallow = await isShallow(mirror);
  if (commit === pushed.commit && !wasShallow) return { commit, branch: name, shallow: false };
  const own = ownRef(name);
  // A source that was shallow may have been completed without a new commit.
  if (wasShallow || (await objects.commitAt(own)) !== commit) {
    const fetched = await withoutCollision(() => ask(fetchArguments(mirror, { ref, own, wasShallow })));
    if (fetched.exitCode !== 0) throw refuse(fetched);
  }
  const arrived = (await objects.commitAt(own)) ?? commit;
  return { commit: arrived, branch: name, shallow: await isShallow(mirror) };
}

type Ask = (args: readonly string[], variables?: Readonly<Record<string, string>>) => Promise<GitResult>;

/** Git takes any web page for a repository without branches; only a repository answers in packets. */
async function expectRepository(mirror: Mirror, ask: Ask): Promise<void> {
  const traced = await ask(["ls-remote", "--end-of-options", mirror.location.url, "HEAD"], {
    GIT_TRACE_PACKET: "1",
  });
  if (traced.stderr.includes("packet:")) return;
  throw new AppError(
    "source-unreachable",
    `${mirror.location.description} answers, but not as a Git repository. Give the URL that 'git clone' takes.`,
  );
}

interface Wanted {
  readonly ref: string;
  readonly own: string;
  readonly wasShallow: boolean;
}

function fetchArguments(mirror: Mirror, { ref, own, wasShallow }: Wanted): string[] {
  const options = [
    "--quiet",
    "--no-tags",
    "--update-shallow",
    "--no-write-fetch-head",
    "--no-auto-maintenance",
  ];
  const guards = ["--no-recurse-submodules", "--no-show-forced-updates"];
  const deeper = wasShallow ? ["--unshallow"] : [];
  return [
    "fetch",
    ...options,
    ...guards,
    ...deeper,
    "--end-of-options",
    mirror.location.url,
    `+${ref}:${own}`,
  ];
}

/** A ref of our own for a branch; hashed, so that `a` and a later `a/b` don't stand in each other's way. */
function ownRef(branch: string): string {
  return `refs/gitway/${createHash("sha256").update(branch).digest("hex").slice(0, 32)}`;
}

function parseAdvertised(text: string): Advertised {
  let head: string | null = null;
  let headRef: string | null = null;
  const branches = new Map<string, string>();
  for (const line of text.split("\n")) {
    const [value = "", name = ""] = line.split("\t");
    if (value.startsWith("ref: ") && name === "HEAD") headRef = value.slice("ref: ".length);
    else if (!isObjectId(value)) continue;
    else if (name === "HEAD") head = value;
    else if (name.startsWith("refs/heads/")) branches.set(name.slice("refs/heads/".length), value);
  }
  return { head, headRef, branches };
}

function choose(source: Advertised, branch: string | null, mirror: Mirror) {
  const where = mirror.location.description;
  if (source.head === null && source.branches.size === 0)
    throw new AppError(
      "source-empty",
      `The source ${where} has no commit yet. Commit the manifests there first.`,
    );
  if (branch !== null) {
    const commit = source.branches.get(branch);
    if (commit !== undefined) return { name: branch, ref: `refs/heads/${branch}`, commit };
    throw new AppError(
      "branch-missing",
      `The source ${where} has no branch '${branch}'. ${branchesOf(source)}`,
    );
  }
  if (source.head === null)
    throw new AppError(
      "branch-missing",
      `HEAD of the source ${where} points to a branch that does not exist. Set 'branch'. ${branchesOf(source)}`,
    );
  const name = source.headRef?.startsWith("refs/heads/") ? source.headRef.slice("refs/heads/".length) : null;
  // HEAD and its branch are listed one after the other: a push in between shows in one of them only.
  const commit = name === null ? undefined : source.branches.get(name);
  return name !== null && commit !== undefined
    ? { name, ref: `refs/heads/${name}`, commit }
    : { name: "HEAD", ref: "HEAD", commit: source.head };
}

function branchesOf({ branches }: Advertised): string {
  if (branches.size === 0) return "It has no branches.";
  const names = [...branches.keys()].slice(0, 5).map((name) => `'${name}'`);
  return `It has ${names.join(", ")}${branches.size > 5 ? ` and ${branches.size - 5} more` : ""}.`;
}

const attempts = 8;

/** Another process may hold a lock of the mirror for a moment. */
async function withoutCollision(run: () => Promise<GitResult>): Promise<GitResult> {
  for (let attempt = 1; ; attempt++) {
    const result = await run();
    const collided = /\.lock'|cannot lock ref|unable to (?:create|lock)|shallow file has changed/i.test(
      result.stderr,
    );
    if (result.exitCode === 0 || !collided || attempt === attempts) return result;
    await delay(25 * 2 ** attempt * (0.5 + Math.random() / 2));
  }
}

async function isShallow(mirror: Mirror): Promise<boolean> {
  return (await readBoundaries(mirror)).length > 0;
}
