import { setTimeout as wait } from "node:timers/promises";

import { AppError } from "../errors.ts";
import type { Log } from "../log.ts";
import { objectKey } from "../manifest/manifest.ts";
import { makePlan, type PlanInput } from "../plan/make-plan.ts";
import { outlookOf } from "../plan/outlook.ts";
import type { AttributedChange, CurrentState, Plan, StoredObject } from "../plan/plan.ts";
import type { PruneLimit } from "../plan/prune.ts";
import type { PlanMemory } from "../plan/relevant-part.ts";
import type { FetchedRevision, LookAt, Revision, Source } from "../source/open-source.ts";
import type { Applied, Store, Suspension, SyncStatus } from "../store/store.ts";
import { attributeWithDrift, noticeDrift } from "./heal-drift.ts";
import { attributeWithLastGood, lastGoodVersions, type ValidVersion } from "./last-good.ts";
import { objectsAfter } from "./objects-after.ts";
import { resolveReferences, type ResolveSecret } from "./secret-references.ts";
import { failedStatus, passedStatus, suspendedStatus } from "./sync-status.ts";
import type { Turns } from "./turns.ts";
import { describeWaiting } from "./waiting.ts";

/** What a pass works with. */
export interface PassParts {
  readonly source: Source;
  readonly store: Store;
  readonly sourceStatus: SyncStatus["source"];
  readonly pruneLimit: PruneLimit;
  readonly allowPrune: boolean;
  /** Objects that may be deleted whatever holds the others, as `objectKey` gives them. */
  readonly consents?: ReadonlySet<string>;
  /** Finds the secret that a manifest refers to; null when there is none that can be used. */
  readonly resolveSecret: ResolveSecret;
  /** What plans leave to the next one; it only saves time. */
  readonly planMemory?: PlanMemory;
  /** Keeps passes from doing at the same time what only one of them can finish. */
  readonly turns?: Turns;
  readonly log: Log;
}

/** A plan, with what it takes to apply it. */
export interface PreparedPlan {
  readonly plan: Plan;
  readonly attributed: readonly AttributedChange[];
  readonly revision: Revision;
  /** Versions of the history that stand in for what the tree holds back. */
  readonly lastGood: readonly ValidVersion[];
  /** What was live when the plan was made. */
  readonly objects: CurrentState["objects"];
  /** The branch that was read, when none was asked for the source's default. */
  readonly branch: string;
  readonly lookAt: LookAt;
}

/** What a pass did. */
export interface PassResult {
  readonly outcome: "unchanged" | "applied" | "suspended";
  readonly plan: Plan;
  readonly attributed: readonly AttributedChange[];
  readonly applied: Applied | null;
  /** What keeps the changes from going live; null when nothing does. */
  readonly suspension: Suspension | null;
  readonly status: SyncStatus;
}

/** How often a pass plans again when another writer was faster. */
const attempts = 5;

/**
 * One pass: look at the source, plan against the store, apply, and say how it went. Level-based (law
 * 9): it reads all of both sides, whatever woke it. While reconciling is suspended it only looks. Throws
 * an `AppError` when the source or the store fails; the store then says so, if it can.
 */
export async function runPass(parts: PassParts, signal?: AbortSignal): Promise<PassResult> {
  const end = await parts.turns?.take();
  try {
    return await passInTurn(parts, signal);
  } finally {
    end?.();
  }
}

/** The same for whoever has the turn. */
export async function passInTurn(parts: PassParts, signal?: AbortSignal): Promise<PassResult> {
  const previous = await parts.store.readSync();
  try {
    const fetched = await lookBothWays(parts, signal);
    const { prepared, applied, suspension } = await planAndApply(parts, { previous, fetched }, signal);
    await resolveReferences(parts);
    const revision = applied?.revision ?? prepared.plan.parentRevision;
    const { plan, attributed } = prepared;
    const at = new Date();
    const { set } = prepared.revision;
    const objects = () => objectsAfter(prepared.objects, attributed, applied, plan.origin);
    const waiting = await describeWaiting(parts.source, { ...prepared, set, objects, previous, at });
    const source = { ...parts.sourceStatus, branch: prepared.branch };
    const statusAfter = suspension ? suspendedStatus : passedStatus;
    const status = statusAfter(previous, { plan, ...waiting, revision, source, at });
    await parts.store.writeSync(status);
    const outcome = suspension ? "suspended" : applied ? "applied" : "unchanged";
    return { outcome, plan, attributed, applied, suspension, status };
  } catch (error) {
    await recordFailure(parts, previous, error);
    throw error;
  }
}

/** Whether somebody changed the store, and at the same time where the branch is. */
async function lookBothWays(
  { source, store, log }: PassParts,
  signal?: AbortSignal,
): Promise<FetchedRevision> {
  const [noticed, fetched] = await Promise.allSettled([noticeDrift(store, log), source.fetch(signal)]);
  for (const each of [noticed, fetched]) if (each.status === "rejected") throw each.reason;
  return (fetched as PromiseFulfilledResult<FetchedRevision>).value;
}

/** Source against store, with authors. Changes nothing. */
export async function preparePlan(parts: PassParts, signal?: AbortSignal): Promise<PreparedPlan> {
  const previous = await parts.store.readSync();
  return prepare(parts, { previous, fetched: await parts.source.fetch(signal) });
}

/** What a plan begins with: the status that the last pass left, and where the branch is. */
interface Beginning {
  readonly previous: SyncStatus | null;
  readonly fetched: FetchedRevision;
}

async function prepare(parts: PassParts, { previous, fetched }: Beginning): Promise<PreparedPlan> {
  const { source, store } = parts;
  const [revision, current] = await Promise.all([source.read(fetched.commit), store.current()]);
  const origin = originOf({ ...parts.sourceStatus, branch: fetched.branch });
  const since = rangeStart(previous, current, origin);
  const lastGood = await lastGoodVersions(source, revision, current, parts.log);
  const consents = await consentsOf(parts, { previous, current, origin }, fetched.commit);
  const input: PlanInput = {
    set: revision.set,
    current,
    commit: fetched.commit,
    origin,
    pruneLimit: parts.pruneLimit,
    ...consents,
  };
  const plan = makePlan({
    ...input,
    memory: parts.planMemory,
    lastGood: lastGood.map(({ manifest }) => manifest),
  });
  const look = lookAt(input);
  const attempted = current.origin === origin ? (previous?.attempted?.commit ?? null) : undefined;
  const attributed = await attributeWithDrift(plan, current.drifted ?? [], (changes) =>
    attributeWithLastGood(source, lastGood, changes, (others) =>
      source.attribute(others, { from: since, to: fetched.commit, attempted, lookAt: look }),
    ),
  );
  const { objects } = current;
  return { plan, attributed, lastGood, revision, objects, branch: fetched.branch, lookAt: look };
}

/** How the plan of a pass would have been with an earlier tree. */
function lookAt(input: PlanInput): LookAt {
  return (set, wanted, trailer) => outlookOf({ ...input, set, trailer }, wanted);
}

/** What may be deleted at a commit beyond the limit: by whoever runs the pass, and by the commits themselves. */
export async function consentsOf(
  { source, allowPrune, consents }: PassParts,
  { previous, current, origin }: { previous: SyncStatus | null; current: CurrentState; origin: string },
  commit: string,
): Promise<Required<Pick<PlanInput, "allowPrune" | "trailer" | "consents">>> {
  const said = await source.pruneConsents(previous?.attempted?.commit ?? null, commit);
  // A commit speaks of the branch that it is on: what was last seen in another is none of its business.
  const isElsewhere = (object: StoredObject) => object.origin !== null && object.origin !== origin;
  const named = new Set(said.objects);
  for (const object of named.size > 0 ? current.objects : [])
    if (isElsewhere(object)) named.delete(objectKey(object));
  return { allowPrune, trailer: said.all, consents: new Set([...(consents ?? []), ...named]) };
}

async function planAndApply(
  parts: PassParts,
  beginning: Beginning,
  signal?: AbortSignal,
): Promise<{ prepared: PreparedPlan; applied: Applied | null; suspension: Suspension | null }> {
  const { previous } = beginning;
  let { fetched } = beginning;
  for (let attempt = 1; ; attempt++) {
    const prepared = await prepare(parts, { previous, fetched });
    const suspension = prepared.plan.changes.length === 0 ? null : await parts.store.suspension();
    if (suspension) return { prepared, applied: null, suspension };
    try {
      return { prepared, applied: await apply(parts.store, prepared), suspension };
    } catch (error) {
      if (!isOvertaken(error) || attempt === attempts) throw error;
      parts.log.info({ attempt, reason: error.message }, "something else was faster, planning again");
      await wait(Math.random() * 50 * attempt);
      fetched = await parts.source.fetch(signal);
    }
  }
}

/** The store has moved, or reconciling was suspended, since the plan was made. */
function isOvertaken(error: unknown): error is AppError {
  return error instanceof AppError && (error.code === "revision-moved" || error.code === "suspended");
}

async function apply(store: Store, prepared: PreparedPlan): Promise<Applied | null> {
  const { plan, attributed } = prepared;
  const { parentRevision, commit, origin, sightings } = plan;
  if (plan.changes.length === 0) {
    if (sightings.length > 0) await store.noteSightings({ parentRevision, sightings });
    return null;
  }
  const blobs = await contentsOf(prepared);
  return store.apply({ parentRevision, commit, origin, changes: attributed, blobs, sightings });
}

async function contentsOf({ plan, revision, lastGood }: PreparedPlan): Promise<ReadonlyMap<string, Buffer>> {
  const digests = new Set(plan.changes.flatMap(({ after }) => Object.values(after?.files ?? {})));
  const contents = new Map(lastGood.flatMap((version) => [...version.contents]));
  for (const digest of digests)
    if (!contents.has(digest)) contents.set(digest, await revision.content(digest));
  return contents;
}

/** Identifies source, branch and paths: what must stay the same for absence to mean deletion. */
export function originOf(source: SyncStatus["source"]): string {
  return JSON.stringify([source.url, source.branch, source.paths]);
}

/** Where attribution starts: the last commit that went live as a whole. */
function rangeStart(previous: SyncStatus | null, current: CurrentState, origin: string): string | null {
  return current.origin === origin ? (previous?.converged?.commit ?? null) : null;
}

async function recordFailure(parts: PassParts, previous: SyncStatus | null, error: unknown): Promise<void> {
  try {
    const current = await parts.store.current();
    await parts.store.writeSync(
      failedStatus(previous, { source: parts.sourceStatus, error, current, at: new Date() }),
    );
  } catch (recordError) {
    parts.log.warn({ err: recordError }, "the failure of the pass could not be recorded");
  }
}
