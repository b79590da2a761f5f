import { expect } from "vitest";

import { objectKey } from "../../src/manifest/manifest.ts";
import type { StoredObject } from "../../src/plan/plan.ts";
import type { PassResult } from "../../src/reconcile/pass.ts";
import { contentOf, expectedState, meantKeys, type Expected, type LiveState } from "./expected-state.ts";
import { importHistories } from "./import-histories.ts";
import { fileCap, obstacles, readableOf, renderTree, type MeantTree } from "./meant-tree.ts";
import { randomSteps, type RandomStep } from "./random-trees.ts";
import { createReconciling, type Reconciling } from "./reconciling.ts";

/** Walks from several seeds. A failure names its seed; a law is not tested where nothing comes up. */
export async function walkLaws(seeds: readonly number[], steps: number): Promise<void> {
  const cameUp = { changes: 0, deletions: 0, held: 0, heldFromElsewhere: 0, quarantined: 0, moved: 0 };
  for (const seed of seeds)
    for (const { plan } of await walk(seed, steps)) {
      cameUp.changes += plan.changes.length;
      cameUp.deletions += plan.changes.filter(({ action }) => action === "delete").length;
      cameUp.held += plan.held.length;
      cameUp.heldFromElsewhere += plan.held.filter(({ code }) => code === "source-changed").length;
      cameUp.moved += plan.sightings.length;
      cameUp.quarantined += plan.quarantined.length;
    }
  expect(Object.values(cameUp).every((count) => count > 0)).toBe(true);
}

/**
 * Takes one store through random trees, with a real pass over each of them, and holds what is live, held
 * and quarantined against what the naive model says (laws 3 and 4); a second pass finds nothing (law 1).
 */
async function walk(seed: number, steps: number): Promise<readonly PassResult[]> {
  const here = await createReconciling({ fileSize: fileCap });
  try {
    const walked = randomSteps(seed, steps);
    const commits = await commitAll(here, walked);
    const results: PassResult[] = [];
    let live: LiveState = new Map();
    for (const [index, step] of walked.entries()) {
      const { tree, branch, consent } = step;
      await here.repository.git("update-ref", `refs/heads/${branch}`, commits[index] ?? "");
      await here.repository.git("symbolic-ref", "HEAD", `refs/heads/${branch}`);
      const expected = expectedState(live, tree, step);
      const { result, ...observed } = await observePass(here, tree, consent === "flag");
      expect(observed, `seed ${seed}, step ${index}, on ${branch}, consent: ${consent}`).toEqual(
        wanted(expected, tree),
      );
      results.push(result);
      live = expected.live;
    }
    return results;
  } finally {
    await here.close();
  }
}

async function commitAll(
  { repository }: Reconciling,
  steps: readonly RandomStep[],
): Promise<readonly string[]> {
  const history = steps.map(({ tree, consent }, index) => ({
    parents: index === 0 ? [] : [index - 1],
    author: { name: "Ann", email: "ann@example.com" },
    date: 1_700_000_000 + index * 60,
    message: consent === "trailer" ? "change\n\nGitway-Allow-Prune: yes" : "change",
    files: renderTree(tree),
  }));
  return (await importHistories(repository, [history]))[0] ?? [];
}

/** What a pass comes to, and another one after it. */
async function observePass(here: Reconciling, tree: MeantTree, allowPrune: boolean) {
  const before = await storedObjects(here);
  const result = await here.pass({ allowPrune });
  const after = await storedObjects(here);
  const { status } = result;
  return {
    result,
    live: [...after]
      .map(([key, object]) => `${key} ${placeOf(object)} ${object.name} ${textOf(object)}`)
      .toSorted(),
    quarantined: status.quarantined.map((each) => `${objectKey(each)} ${each.serving}`).toSorted(),
    held: status.held.map(objectKey).toSorted(),
    state: status.state,
    ...lostAndTouched(before, after, tree, status),
    unnamed: unnamedPlaces(tree, status),
    second: await secondPass(here, allowPrune),
  };
}

function wanted(expected: Expected, tree: MeantTree) {
  const { live, quarantined, held } = expected;
  const isClean = quarantined.size + held.size + readableOf(tree).unreadable.length === 0;
  return {
    live: [...live]
      .map(([key, { path, branch, name, content }]) => `${key} ${branch}:${path} ${name} ${content}`)
      .toSorted(),
    quarantined: [...quarantined].map((key) => `${key} ${live.has(key)}`).toSorted(),
    held: [...held].toSorted(),
    state: isClean ? "synced" : "degraded",
    lost: [],
    touched: [],
    unnamed: [],
    second: { outcome: "unchanged", changes: [], sightings: [], isSame: true },
  };
}

/**
 * Laws 3 and 4 without the model. Nothing that somebody means to have is deleted, nor anything at all while
 * something can't be read; what is held back stays as it was, to the version number.
 */
function lostAndTouched(
  before: ReadonlyMap<string, StoredObject>,
  after: ReadonlyMap<string, StoredObject>,
  tree: MeantTree,
  status: PassResult["status"],
) {
  const meant = meantKeys(tree);
  const isComplete = readableOf(tree).unreadable.length === 0;
  const lost = [...before.keys()].filter((key) => !after.has(key) && !(isComplete && !meant.has(key)));
  const versionOf = (objects: typeof before, key: string) => objects.get(key)?.version;
  const heldBack = status.held.map(objectKey).concat(status.quarantined.map(objectKey));
  const hashesDiffer = (key: string) => before.get(key)?.hash !== after.get(key)?.hash;
  const touched = heldBack.filter(
    (key) => !hashesDiffer(key) && versionOf(before, key) !== versionOf(after, key),
  );
  return { lost, touched };
}

/** Places that can't be read and that no problem names. */
function unnamedPlaces(tree: MeantTree, { problems }: PassResult["status"]): string[] {
  const files = new Set(problems.map(({ file }) => file));
  return readableOf(tree).unreadable.filter((place) => !files.has(obstacles[place]?.reportedAs ?? place));
}

/** Law 1: what has been applied leaves nothing to plan, to write or to log. */
async function secondPass(here: Reconciling, allowPrune: boolean) {
  const marks = async () => [
    (await here.store.current()).revision,
    (await here.store.events({ limit: 1 }))[0]?.id,
  ];
  const before = await marks();
  const { outcome, plan } = await here.pass({ allowPrune });
  const { changes, sightings } = plan;
  return { outcome, changes, sightings, isSame: String(await marks()) === String(before) };
}

async function storedObjects({ store }: Reconciling): Promise<ReadonlyMap<string, StoredObject>> {
  const { objects } = await store.current();
  return new Map(objects.map((object) => [objectKey(object), object]));
}

function placeOf({ origin, path }: StoredObject): string {
  const [, branch] = JSON.parse(origin ?? "[]") as string[];
  return `${branch}:${path}`;
}

function textOf(object: StoredObject): string {
  const { kind, spec, files } = object;
  if (kind === "User") return contentOf({ version: spec.displayName });
  if (kind === "Webhook") throw new Error("no tree has a webhook");
  if (kind === "ApiToken") return contentOf({ version: spec.description });
  const { description, route, tokens, action } = spec;
  const script = action.script?.file ?? null;
  return contentOf({ version: description, route, tokens, script, digest: files[script ?? ""] });
}
