import { setTimeout as delay } from "node:timers/promises";

import { AppError, messageOf } from "../../errors.ts";
import type { Log } from "../../log.ts";
import type { Person } from "../../plan/plan.ts";
import type { SourceCredentials } from "../git/git-environment.ts";
import { isAncestor } from "../git/is-ancestor.ts";
import type { FetchedRevision, LastPushed } from "../mirror/fetch-branch.ts";
import type { Mirror } from "../mirror/mirror.ts";
import { type Push, pushCommit } from "../mirror/push-commit.ts";
import { proposalBranch } from "./commit-words.ts";
import { createCommit } from "./create-commit.ts";
import { createEditedFiles, type EditedFiles, type EditingParts } from "./edited-files.ts";

/** A change that is to become a commit. */
export interface CommitRequest<Refusal> {
  /** The acting user; the committer is Gitway. */
  readonly author: Person;
  readonly message: string;
  /** Goes to a branch of its own, `gitway/<user>/<topic>`, instead of the one that is followed. */
  readonly proposal?: { readonly user: string; readonly topic: string } | undefined;
  /**
   * Makes the change, or says why not; null is consent. It is called again, with other files, when the
   * branch has moved: what it must not overwrite, it has to look at each time.
   */
  change(files: EditedFiles): Promise<Refusal | null>;
  /** Looks at the commit, which can be read already, before it is pushed. Null is consent. */
  judge?(commit: string): Promise<Refusal | null>;
}

/** What became of a change. */
export type CommitResult<Refusal> =
  /** The source has it. The branch is without `refs/heads/`. */
  | {
      readonly status: "committed";
      readonly commit: string;
      readonly parent: string;
      readonly branch: string;
    }
  /** There is nothing to change at this commit. */
  | { readonly status: "unchanged"; readonly commit: string }
  | { readonly status: "refused"; readonly refusal: Refusal };

/** What commits are made with. */
export interface CommittingParts extends EditingParts {
  readonly repository: Mirror;
  readonly credentials: SourceCredentials;
  /** Where the branch that is followed, or another one, is now. */
  readonly fetch: (branch?: string, signal?: AbortSignal) => Promise<FetchedRevision>;
  readonly pushed: LastPushed;
  readonly log: Log;
}

/** Milliseconds for which a change is made anew, because the branch has moved or the name of a proposal is taken. */
const longestTry = 20_000;
/** How often a push is made that broke off, or that found the branch locked. */
const mostPushes = 4;

/** Commits one change after the other. */
export function createCommitter(parts: CommittingParts) {
  let turn: Promise<unknown> = Promise.resolve();
  return function commit<Refusal>(
    request: CommitRequest<Refusal>,
    signal?: AbortSignal,
  ): Promise<CommitResult<Refusal>> {
    const mine = turn.then(() => commitNow(parts, request, signal));
    turn = mine.catch(() => {});
    return mine;
  };
}

async function commitNow<Refusal>(
  parts: CommittingParts,
  request: CommitRequest<Refusal>,
  signal: AbortSignal | undefined,
): Promise<CommitResult<Refusal>> {
  const end = Date.now() + longestTry;
  for (let attempt = 1; attempt === 1 || Date.now() < end; attempt++) {
    const head = await parts.fetch(undefined, signal);
    const branch = branchFor(parts, request, head, attempt);
    const { files, changes } = createEditedFiles(parts, head.commit);
    const refusal = await request.change(files);
    if (refusal !== null) return { status: "refused", refusal };
    const { author, message } = request;
    const commit = await createCommit(parts, {
      parent: head.commit,
      files: changes,
      author,
      message,
    });
    if (commit === null) return { status: "unchanged", commit: head.commit };
    const verdict = (await request.judge?.(commit)) ?? null;
    if (verdict !== null) return { status: "refused", refusal: verdict };
    const expected = request.proposal ? null : head.commit;
    const arrival = await deliver(parts, { commit, branch, expected });
    if (arrival === "landed") {
      parts.pushed.commit = commit;
      return { status: "committed", commit, parent: head.commit, branch };
    }
    parts.log.debug({ branch, attempt }, "the branch moved while a change was made");
    // Hardly any: who waits longer than the others each time is always the last.
    await delay(Math.random() * 20);
  }
  throw new AppError(
    "edit-conflict",
    `The branch of ${parts.repository.location.description} moved each time that the change was made, for ${longestTry / 1000} seconds. Try again.`,
  );
}

function branchFor<Refusal>(
  { repository }: CommittingParts,
  { proposal }: CommitRequest<Refusal>,
  head: FetchedRevision,
  attempt: number,
): string {
  if (proposal) return proposalBranch(proposal.user, proposal.topic, attempt);
  if (head.branch !== "HEAD") return head.branch;
  throw new AppError(
    "edit-conflict",
    `HEAD of the source ${repository.location.description} is detached, so there is no branch to commit to. Check one out there, or set 'branch'.`,
  );
}

/**
 * Pushes a commit until it is known whether it arrived. What looks like a failure may be the answer to a
 * second try that git made by itself, and a push that broke off may have arrived: looking tells.
 */
async function deliver(parts: CommittingParts, push: Push): Promise<"landed" | "moved"> {
  let cause: unknown;
  for (let attempt = 1; attempt <= mostPushes; attempt++) {
    const outcome = await pushCommit(parts.repository, push, parts.credentials).catch((error: unknown) => {
      if (attempt === 1) throw error;
      return { status: "unknown", cause: error } as const;
    });
    if (outcome.status === "landed") return "landed";
    const found = await look(parts, push).catch((error: unknown) => {
      throw outcome.status === "refused" ? outcome.error : unknownOutcome(parts, push, error);
    });
    if (found === "arrived") return "landed";
    if (found === "elsewhere") return "moved";
    if (outcome.status === "refused") throw outcome.error;
    cause = outcome.status === "moved" ? busy(parts, outcome.reason) : outcome.cause;
    parts.log.warn({ branch: push.branch, reason: messageOf(cause) }, "a push did not arrive");
    await delay(100 * attempt);
  }
  throw cause instanceof AppError && cause.code === "edit-conflict"
    ? cause
    : unknownOutcome(parts, push, cause);
}

/** The branch is where it was, but somebody is at work on it, or died over it. */
function busy({ repository }: CommittingParts, reason: string): AppError {
  const where = repository.location.description;
  return new AppError("edit-conflict", `The source ${where} is locked by another git command: ${reason}`);
}

/** Whether a commit is in its branch, or the branch is where it was before. */
async function look(
  { repository, fetch }: CommittingParts,
  { commit, branch, expected }: Push,
): Promise<"arrived" | "unmoved" | "elsewhere"> {
  const head = await fetch(branch).catch((error: unknown) => {
    if (error instanceof AppError && error.code === "branch-missing") return null;
    throw error;
  });
  if (head && (await isAncestor(repository, commit, head.commit))) return "arrived";
  return (head?.commit ?? null) === expected ? "unmoved" : "elsewhere";
}

function unknownOutcome({ repository }: CommittingParts, { commit, branch }: Push, cause: unknown): AppError {
  return new AppError(
    "edit-outcome-unknown",
    `The push to ${repository.location.description} broke off, and it can't be told whether it arrived: look whether the branch '${branch}' has the commit ${commit}. ${messageOf(cause)}`,
    { cause },
  );
}
