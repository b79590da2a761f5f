import { AppError } from "../errors.ts";
import type { Log } from "../log.ts";
import type { ParseOptions } from "../manifest/parsed-file.ts";
import type { AttributedChange, Change } from "../plan/plan.ts";
import { attributeChanges, type AttributionRange } from "./attribution/attribute.ts";
import { blame, type Blame, type BlameRange, type Stuck } from "./attribution/blame.ts";
import { earlierStates, type EarlierState } from "./attribution/earlier-states.ts";
import { createTrailerReader, pruneConsents, type PruneConsents } from "./attribution/prune-consents.ts";
import { createCommitter, type CommitRequest, type CommitResult } from "./edit/commit-edit.ts";
import { createGraphReader } from "./git/commit-graph.ts";
import { readCommitPeople, type CommitPeople } from "./git/commit-people.ts";
import { createCommitReader } from "./git/commit-reader.ts";
import { credentialVariables, type SourceCredentials } from "./git/git-environment.ts";
import { createStepReader } from "./git/history.ts";
import { createObjectReader } from "./git/object-reader.ts";
import { checkBranchName, isObjectId } from "./git/ref-name.ts";
import { createTreeReader } from "./git/tree-reader.ts";
import { fetchBranch, type FetchedRevision } from "./mirror/fetch-branch.ts";
import { openMirror } from "./mirror/mirror.ts";
import { watchRefs } from "./mirror/watch-refs.ts";
import { createParsePool } from "./parse/parse-pool.ts";
import { createFactsCache } from "./revision/manifest-facts.ts";
import { manifestPaths } from "./revision/manifest-paths.ts";
import { createRevisionReader, type Revision } from "./revision/read-revision.ts";
import { createReferencedFiles } from "./revision/referenced-files.ts";

export type { AttributionRange } from "./attribution/attribute.ts";
export type { Blame, Stuck } from "./attribution/blame.ts";
export type { CommitRequest, CommitResult } from "./edit/commit-edit.ts";
export type { EarlierState } from "./attribution/earlier-states.ts";
export type { EditedFiles } from "./edit/edited-files.ts";
export type { FetchedRevision } from "./mirror/fetch-branch.ts";
export type { LookAt } from "./attribution/past-trees.ts";
export type { Revision } from "./revision/read-revision.ts";

/** Which repository to follow, and what reading it may cost. */
export interface SourceOptions extends ParseOptions {
  /** A local path, or an https, ssh or file URL. A folder inside a repository stands for the repository. */
  readonly location: string;
  /** Null follows the source's HEAD, also a detached one. */
  readonly branch: string | null;
  /** Folders and files of the repository that hold manifests, from its top. */
  readonly paths: readonly string[];
  /** Where mirrors go: `<dataDir>/mirror.git` makes `<dataDir>/mirror-<hash of the location>.git`. */
  readonly mirror: string;
  readonly credentials: SourceCredentials;
  readonly limits: SourceLimits;
  /** The environment that Gitway was started in; git gets a few named variables of it. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
  readonly log: Log;
}

/** What a repository may ask of Gitway. Sizes in bytes, times in milliseconds. */
export interface SourceLimits {
  readonly fileSize: number;
  readonly files: number;
  readonly parseTime: number;
  readonly gitTime: number;
}

/** A Git repository to reconcile: a revision is its manifests, a range is who changed what. */
export interface Source {
  /** What is followed, for people. Never holds credentials. */
  readonly description: string;
  /** Looks where the branch is now and brings it here. Fails with an `AppError` when that can't be. */
  fetch(signal?: AbortSignal): Promise<FetchedRevision>;
  /** What a fetched commit says. What is wrong in it is in the set; it does not throw. */
  read(commit: string): Promise<Revision>;
  /** Who made each change of a range (law 5). */
  attribute(changes: readonly Change[], range: AttributionRange): Promise<readonly AttributedChange[]>;
  /** The states that the branch had before a commit, newest first. */
  earlier(commit: string): AsyncIterable<EarlierState>;
  /** Who is to be asked about objects that don't go live as a commit has them, in their order. */
  blame(stuck: readonly Stuck[], range: BlameRange): Promise<readonly (Blame | null)[]>;
  /** Who made the commits that the mirror has; those that it lacks are left out. */
  commits(ids: readonly string[]): Promise<ReadonlyMap<string, CommitPeople>>;
  /** Which deletions the commits of the range, and `to`, consent to by a trailer `Gitway-Allow-Prune`. */
  pruneConsents(from: string | null, to: string): Promise<PruneConsents>;
  /**
   * Makes a change, as a commit, to the branch that is followed or to a new one. A branch that moves
   * meanwhile has the change made anew. Fails with `edit-conflict` when the source refuses it (a hook, a
   * checkout with changes of its own), with `edit-outcome-unknown` when a push broke off and nobody knows
   * whether it arrived, and otherwise as `fetch` does, before anything happened.
   */
  commit<Refusal>(request: CommitRequest<Refusal>, signal?: AbortSignal): Promise<CommitResult<Refusal>>;
  /** Calls `wake` when branches of a local source may have moved. Null for a remote one. */
  watch(wake: () => void): Promise<{ close(): Promise<void> } | null>;
  close(): Promise<void>;
}

/**
 * Opens a source: a bare mirror of it in the data folder. Talks to the source only on `fetch`. Wrong
 * options fail with `config-invalid`, a path without a repository with `source-unreachable`.
 */
export async function openSource(options: SourceOptions): Promise<Source> {
  const { branch, credentials, limits, log, routeBase, targets } = options;
  if (branch !== null) checkBranchName(branch);
  credentialVariables(credentials);
  const paths = manifestPaths(options.paths);
  const mirror = await openMirror({
    ...options,
    environment: options.environment ?? {},
    gitTime: limits.gitTime,
  });
  const objects = createObjectReader(mirror.setting, mirror.path, limits.fileSize);
  const pool = createParsePool({ routeBase, targets }, limits);
  const commits = createCommitReader(objects);
  const trees = createTreeReader(objects);
  const steps = createStepReader(mirror, commits, trees);
  const knownFacts = createFactsCache();
  const reading = { repository: mirror, objects, pool, paths, limits, commits, trees, steps, knownFacts };
  const revisions = createRevisionReader(reading);
  const references = createReferencedFiles(reading, limits.fileSize);
  const { filesAt, look } = revisions;
  const graphs = createGraphReader(mirror, commits);
  const trailers = createTrailerReader(mirror, commits);
  const history = { ...reading, trailers, references, log, graphs, filesAt, look };
  const pushed = { commit: null };
  const fetch = (named: string | null, signal?: AbortSignal) =>
    fetchBranch({ mirror, objects, credentials, pushed }, named, signal);
  const commit = createCommitter({
    ...reading,
    fileSize: limits.fileSize,
    read: revisions.read,
    credentials,
    pushed,
    fetch: (other, signal) => fetch(other ?? branch, signal),
    log,
  });
  log.debug({ source: mirror.location.description, mirror: mirror.path }, "source opened");

  return {
    description: mirror.location.description,
    fetch: (signal) => fetch(branch, signal),
    read: async (commit) => revisions.read(checked(commit)),
    async attribute(changes, range) {
      for (const commit of [range.from, range.to, range.attempted])
        if (typeof commit === "string") checked(commit);
      return attributeChanges(history, changes, range);
    },
    earlier: (commit) => earlierStates({ ...history, read: revisions.read }, checked(commit)),
    blame: async (stuck, range) => blame(history, stuck, { ...range, to: checked(range.to) }),
    commits: (ids) => readCommitPeople(history, ids),
    pruneConsents: async (from, to) =>
      pruneConsents(history, from === null ? null : checked(from), checked(to)),
    commit,
    watch: async (wake) => (mirror.local ? watchRefs(mirror.local, wake) : null),
    async close() {
      await Promise.all([objects.close(), pool.close()]);
    },
  };
}

function checked(commit: string): string {
  if (isObjectId(commit)) return commit;
  throw new AppError("usage", `'${commit.slice(0, 80)}' is no commit id. Give all of its 40 digits.`);
}
