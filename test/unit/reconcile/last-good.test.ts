import { expect, test } from "vitest";

import { silentLog } from "../../../src/log.ts";
import { objectKey, type ManifestSet } from "../../../src/manifest/manifest.ts";
import { claimOf } from "../../../src/manifest/references.ts";
import { marksOf } from "../../../src/plan/dependencies.ts";
import type { CurrentState, Plan } from "../../../src/plan/plan.ts";
import { lastGoodVersions } from "../../../src/reconcile/last-good.ts";
import type { EarlierState } from "../../../src/source/open-source.ts";
import { renderTree, type MeantTree } from "../../support/meant-tree.ts";
import { randomSteps } from "../../support/random-trees.ts";
import { setOf } from "../plan/meant-set.ts";
import { applied, broken, definition, nothing, planFor, problem, set, token } from "../plan/state.ts";

const walks = 150;

test("a store that is filled at the end has what one has that followed, of all that the end holds back", async () => {
  const count = { compared: 0, differing: 0 };
  for (let seed = 1; seed <= walks; seed++) {
    // The last tree of a walk is mended.
    const trees = randomSteps(seed, 12)
      .slice(0, -1)
      .map(({ tree }) => tree);
    const sets = trees.map(setOf);
    const followed = follow(sets);
    const [rebuilt, plan] = await rebuild(sets, trees.map(textsOf));

    expect(clashesIn(rebuilt), `seed ${seed}`).toEqual([]);
    expect(planFor(rebuilt, sets.at(-1) ?? set({})).changes, `seed ${seed}`).toEqual([]);
    const hashes = (state: CurrentState) =>
      new Map(state.objects.map((each) => [objectKey(each), each.hash]));
    const [there, here] = [hashes(followed), hashes(rebuilt)];
    const waiting = new Set(plan.quarantined.map(objectKey));
    for (const key of waiting) {
      count.compared++;
      if (there.get(key) !== here.get(key)) count.differing++;
    }
  }

  // Where several trees in a row can't be read, history does not tell everything.
  expect(count.compared).toBeGreaterThan(100);
  expect(count.differing / count.compared).toBeLessThan(0.02);
}, 60_000);

test("history is read only where it concerns what waits, and only as far", async () => {
  const whole = [definition("a", "a"), definition("b", "b")];
  const sets = [
    set({ manifests: [definition("a", "old"), definition("b", "b")] }),
    set({ manifests: whole }),
    set({ manifests: [...whole, definition("c", "c")] }),
    set({ manifests: [definition("b", "b"), definition("c", "c")], broken: [broken("ApiDefinition", "a")] }),
    set({
      manifests: [definition("b", "new"), definition("c", "c")],
      broken: [broken("ApiDefinition", "a")],
    }),
  ];
  const read: number[] = [];

  const found = await versionsOf(sets, sets.map(filesOf), (index) => read.push(index));

  expect(found).toMatchObject([{ manifest: { name: "a", spec: { route: "a" } }, commit: "2" }]);
  expect(read).toEqual([2]);
});

test("nothing is read when nothing waits, or the store has something", async () => {
  const sets = [set({ manifests: [token("t")] }), set({ manifests: [token("t"), definition("a", "a")] })];
  const read: number[] = [];

  await versionsOf(sets, sets.map(filesOf), (index) => read.push(index));
  const later = await lastGoodVersions(
    { earlier: () => earlierOf(sets, sets.map(filesOf), (index) => read.push(index)) },
    revisionOf(set({ unidentified: [problem("apis/odd.yaml")] }), 2),
    planned(nothing, sets[1] ?? set({})),
    silentLog(),
  );

  expect([read, later]).toEqual([[], []]);
});

/** The state of a store that has seen every tree. */
function follow(sets: readonly ManifestSet[]): CurrentState {
  return sets.reduce(planned, nothing);
}

function planned(current: CurrentState, desired: ManifestSet): CurrentState {
  return applied(current, planFor(current, desired, { allowPrune: true }));
}

/** The state of a store that has seen only the last one, and the plan that made it. */
async function rebuild(
  sets: readonly ManifestSet[],
  texts: readonly ReadonlyMap<string, string>[],
): Promise<[CurrentState, Plan]> {
  const lastGood = (await versionsOf(sets, texts)).map(({ manifest }) => manifest);
  const plan = planFor(nothing, sets.at(-1) ?? set({}), { lastGood });
  return [applied(nothing, plan), plan];
}

function versionsOf(
  sets: readonly ManifestSet[],
  texts: readonly ReadonlyMap<string, string>[],
  onRead: (index: number) => void = () => {},
) {
  const head = sets.length - 1;
  const source = { earlier: () => earlierOf(sets, texts, onRead) };
  return lastGoodVersions(source, revisionOf(sets[head] ?? set({}), head), nothing, silentLog());
}

async function* earlierOf(
  sets: readonly ManifestSet[],
  texts: readonly ReadonlyMap<string, string>[],
  onRead: (index: number) => void,
): AsyncGenerator<EarlierState> {
  for (let index = sets.length - 2; index >= 0; index--) {
    const [older, newer] = [texts[index], texts[index + 1]];
    const paths = new Set([...(older?.keys() ?? []), ...(newer?.keys() ?? [])]);
    const touched = [...paths].filter((path) => older?.get(path) !== newer?.get(path));
    yield {
      commit: String(index),
      touched,
      async speaksOf(marks) {
        const files = new Set(touched);
        const documents = [sets[index], sets[index + 1]].flatMap((each) => [
          ...(each?.manifests ?? []),
          ...(each?.broken ?? []),
        ]);
        return documents.some(
          (each) => files.has(each.place.file) && marksOf(each).some((mark) => marks.has(mark)),
        );
      },
      async read() {
        onRead(index);
        return revisionOf(sets[index] ?? set({}), index);
      },
    };
  }
}

function revisionOf(said: ManifestSet, index: number) {
  return { commit: String(index), set: said, content: async () => Buffer.from("") };
}

function textsOf(tree: MeantTree): ReadonlyMap<string, string> {
  return new Map([...renderTree(tree)].map(([path, { mode, text }]) => [path, `${mode} ${text.toString()}`]));
}

function filesOf({ manifests, broken: flawed }: ManifestSet): ReadonlyMap<string, string> {
  return new Map([...manifests, ...flawed].map((each) => [each.place.file, JSON.stringify(each)]));
}

function clashesIn({ objects }: CurrentState): string[] {
  const values = objects.flatMap((object) => [
    `${object.kind} ${object.name}`,
    ...(claimOf(object) ? [`claim ${claimOf(object)?.key}`] : []),
  ]);
  return values.filter((value, index) => values.indexOf(value) !== index);
}
