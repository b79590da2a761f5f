import { kinds, objectKey, type Manifest, type ManifestSet } from "../manifest/manifest.ts";
import { routeOf } from "../manifest/references.ts";
import { sharedAddresses } from "../manifest/shared-addresses.ts";
import { collectCandidates, type Candidate } from "./candidates.ts";
import { settleEffectiveState, type Settled } from "./effective-state.ts";
import { fieldDifferences } from "./field-differences.ts";
import { holdGaps } from "./gaps.ts";
import type { Change, CurrentState, Held, Plan, Quarantined, Sighting, StoredObject } from "./plan.ts";
import { holdDeletions, type PruneLimit } from "./prune.ts";
import { type NamesByKind, type PlanMemory, relevantPart } from "./relevant-part.ts";
import { findSlips, holdSlips, noSlips, withoutSlips } from "./slips.ts";

/** What a plan is made of. */
export interface PlanInput {
  readonly set: ManifestSet;
  readonly current: CurrentState;
  readonly commit: string;
  /** Identifies source, branch and paths: what was last seen in others is not deleted. */
  readonly origin: string;
  readonly pruneLimit: PruneLimit;
  /** Versions of the history that stand in for what the tree holds back and the store has no version of. */
  readonly lastGood?: readonly Manifest[];
  /** Lets deletions through that a limit or a changed source would hold: the flag, or the console's consent. */
  readonly allowPrune: boolean;
  /** Whether the commits consent to deletions: that lets through what a limit would hold, and nothing else. */
  readonly trailer: boolean;
  /** Lets just these go, as `objectKey` gives them: somebody consented to them by name. */
  readonly consents?: ReadonlySet<string>;
  /** What the last plan left, and this one leaves to the next. */
  readonly memory?: PlanMemory | undefined;
}

/**
 * Desired against current: what an apply would change, and what it leaves alone and why. The plan of a
 * state that has just been applied has no changes (law 1).
 */
export function makePlan(input: PlanInput): Plan {
  const { set, current } = input;
  const { candidates, held, settled } = decide(input);
  const changes = candidates.flatMap((candidate) => changeOf(candidate, settled) ?? []);
  const quarantined = candidates.flatMap((candidate) => quarantinedOf(candidate, settled) ?? []);
  const changed = new Set(changes.map(objectKey));
  const staying = candidates.filter(({ key }) => !changed.has(key));

  return {
    parentRevision: current.revision,
    commit: input.commit,
    origin: input.origin,
    changes: inOrder(changes),
    unchanged: current.objects.length - changes.filter((change) => change.action !== "create").length,
    quarantined,
    held,
    sightings: staying.flatMap((candidate) => sightingOf(candidate, input.origin) ?? []),
    problems: [
      ...set.unidentified,
      ...quarantined.flatMap((entry) => entry.problems),
      ...set.warnings,
      ...sharedAddresses(set.manifests),
    ],
  };
}

/** What becomes of each object of the tree and of the store that anything may become of. */
export interface Decision {
  readonly candidates: readonly Candidate[];
  readonly held: readonly Held[];
  readonly settled: Settled;
}

/** The part of planning that decides, before it is said what that changes. */
export function decide(input: PlanInput): Decision {
  const { lastGood = [], consents = new Set() } = input;
  const { set, objects, otherNames } = relevantPart(input);
  const collected = collectCandidates(set, objects, lastGood);
  const isAskedFor = input.allowPrune || input.trailer;
  const slips = isAskedFor ? noSlips : findSlips(collected, new Set([...consents, ...strangers(input)]));
  const candidates = withoutSlips(collected, slips);
  const held = withMore(holdDeletions({ ...input, candidates }), holdSlips(slips));
  return settle(candidates, held, { otherNames, consents: isAskedFor ? null : consents });
}

/** What is in the store as somebody else made it, who gave it its id too: no commit was a slip. */
function strangers({ current: { objects, drifted = [] } }: PlanInput): readonly string[] {
  if (drifted.length === 0) return [];
  const unexpected = drifted.filter(({ what }) => what === "unexpected").map(objectKey);
  const left = new Map(drifted.map((each) => [each.version, objectKey(each)]));
  const renumbered = objects.filter((object) => {
    const key = objectKey(object);
    return (left.get(object.version) ?? key) !== key;
  });
  return [...unexpected, ...renumbered.map(objectKey)];
}

interface Circumstances {
  readonly otherNames: NamesByKind;
  /** Null when somebody consented to all. */
  readonly consents: ReadonlySet<string> | null;
}

/** So often is looked again at what a held deletion does to others; whoever might be touched then waits too. */
const mostRounds = 8;

/** A deletion that is held may leave a newcomer without its place, which holds another deletion. */
function settle(
  candidates: readonly Candidate[],
  held: readonly Held[],
  circumstances: Circumstances,
  round = 1,
): Decision {
  const { otherNames, consents } = circumstances;
  const settled = settleEffectiveState(candidates, new Set(held.map(objectKey)), otherNames);
  const isWaiting = ({ key }: Candidate) => round > mostRounds || !settled.effective.has(key);
  const gaps = consents === null ? [] : holdGaps(candidates, { settled, consents, isWaiting });
  if (gaps.length === 0) return { candidates, held, settled };
  return settle(candidates, [...held, ...gaps], circumstances, round + 1);
}

/** One reason for each is enough: the first. */
function withMore(held: readonly Held[], more: readonly Held[]): readonly Held[] {
  return [...new Map([...more, ...held].toReversed().map((each) => [objectKey(each), each])).values()];
}

function changeOf(candidate: Candidate, settled: Settled): Change | null {
  const { stored } = candidate;
  const effective = settled.effective.get(candidate.key);
  if (!effective) return stored ? deletion(stored) : null;
  if (effective.from === "stored") return null;
  if (!stored) return creation(effective.object);
  return stored.hash === effective.object.hash ? null : update(stored, effective.object);
}

function creation(after: Manifest): Change {
  return { action: "create", ...identity(after), fields: fieldDifferences(null, after), before: null, after };
}

function update(before: StoredObject, after: Manifest): Change {
  return { action: "update", ...identity(after), fields: fieldDifferences(before, after), before, after };
}

function deletion(before: StoredObject): Change {
  return { action: "delete", ...identity(before), fields: [], before, after: null };
}

function identity(object: Manifest | StoredObject): Pick<Change, "kind" | "id" | "name" | "route"> {
  return { kind: object.kind, id: object.id, name: object.name, route: routeOf(object) };
}

function quarantinedOf(candidate: Candidate, settled: Settled): Quarantined | null {
  const problems = settled.problems.get(candidate.key);
  if (!problems) return null;
  return {
    kind: candidate.kind,
    id: candidate.id,
    name: candidate.name,
    problems,
    serving: settled.effective.has(candidate.key),
  };
}

function sightingOf({ stored, place }: Candidate, origin: string): Sighting | null {
  if (!stored || !place) return null;
  const { version, path, line } = stored;
  if (path === place.file && line === place.line && stored.origin === origin) return null;
  return { version, path: place.file, line: place.line, origin };
}

/** What is referred to is written first and deleted last; within a kind by name. */
function inOrder(changes: readonly Change[]): readonly Change[] {
  const rank = (change: Change) => {
    const level = kinds.indexOf(change.kind);
    return change.action === "delete" ? 2 * kinds.length - level : level;
  };
  return changes.toSorted((a, b) => rank(a) - rank(b) || (a.name < b.name ? -1 : 1));
}
