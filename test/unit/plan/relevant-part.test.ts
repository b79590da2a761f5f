import { expect, test } from "vitest";

import type { Manifest } from "../../../src/manifest/manifest.ts";
import { makePlan } from "../../../src/plan/make-plan.ts";
import type { CurrentState } from "../../../src/plan/plan.ts";
import { createPlanMemory, relevantPart } from "../../../src/plan/relevant-part.ts";
import { createRandom } from "../../support/random-history.ts";
import { applied, broken, definition, live, nothing, planFor, set, token } from "./state.ts";

test("what is the same on both sides, and in nobody's way, is left out", () => {
  const manifests = [token("t"), definition("a", "a", { tokens: ["t"] }), definition("b", "b")];
  const current = live(...manifests);
  const partOf = (...tree: Manifest[]) => {
    const part = relevantPart({ ...input, set: set({ manifests: tree }), current });
    return [...part.set.manifests, ...part.objects].map(({ name }) => name).toSorted();
  };
  const [t, a, b] = manifests as [Manifest, Manifest, Manifest];

  expect(partOf(t, a, b)).toEqual([]);
  expect(partOf(t, a, definition("b", "b", { body: "new" }))).toEqual(["b", "b"]);
  expect(partOf(t, a, b, definition("c", "a"))).toEqual(["a", "a", "c"]);
  expect(partOf(a, b)).toEqual(["a", "a", "t"]);
  expect(partOf(t, a, b, b)).toEqual(["b", "b", "b"]);
});

test("a misspelt token is told the names of those that were left out", () => {
  const current = live(token("internal"), definition("a", "a"));

  const plan = planFor(
    current,
    set({ manifests: [token("internal"), definition("a", "a", { tokens: ["internl"] })] }),
  );

  expect(plan.quarantined[0]?.problems[0]?.message).toContain("did you mean 'internal'");
});

test("a plan with the memory of others is the plan without", () => {
  for (let seed = 1; seed <= 150; seed++) {
    const random = createRandom(seed);
    const memory = createPlanMemory();
    const made = new Map<string, Manifest>();
    let current: CurrentState = nothing;
    let tree: Tree = startTree;
    for (let step = 0; step < 12; step++) {
      tree = changed(random, tree);
      const desired = setOf(tree, made);

      const plan = makePlan({ ...input, set: desired, current, memory });

      expect(plan, `seed ${seed}, step ${step}`).toEqual(planFor(current, desired));
      // Now and then somebody else is faster, and the next plan sees the same store.
      if (random.chance(0.8)) current = applied(current, plan);
    }
  }
});

const input = {
  commit: "c".repeat(40),
  origin: "here",
  pruneLimit: { objects: 3, share: 0.25 },
  allowPrune: false,
  trailer: false,
};

interface Definition {
  readonly name: string;
  readonly route: string;
  readonly body: string;
  readonly tokens: readonly string[];
  readonly isBroken: boolean;
}

interface Tree {
  readonly tokens: readonly string[];
  readonly definitions: readonly Definition[];
}

const startTree: Tree = {
  tokens: ["t", "u"],
  definitions: ["a", "b", "c", "d", "e"].map((name) => ({
    name,
    route: name,
    body: "0",
    tokens: ["t"],
    isBroken: false,
  })),
};

/** Mostly what a definition says; now and then who is there at all. */
function changed(random: ReturnType<typeof createRandom>, { tokens, definitions }: Tree): Tree {
  if (random.chance(0.1))
    return { definitions, tokens: tokens.length < 2 ? ["t", "u"] : [random.pick(tokens)] };
  if (definitions.length === 0) return startTree;
  if (random.chance(0.3)) return { tokens, definitions: cameAndWent(random, definitions) };
  const old = random.pick(definitions);
  const edited: Definition = random.pick([
    { ...old, body: String(random.below(4)) },
    { ...old, body: String(random.below(4)) },
    { ...old, route: random.pick(["a", "b", "c", "x", "y"]) },
    { ...old, tokens: random.pick([[], ["t"], ["u"], ["t", "u"]]) },
    { ...old, isBroken: random.chance(0.3) },
    { ...old, name: random.pick(["a", "b", "c", "f"]) },
  ]);
  return { tokens, definitions: definitions.map((each) => (each === old ? edited : each)) };
}

/** One goes, anywhere, or one comes, which may be there already or take what another has. */
function cameAndWent(
  random: ReturnType<typeof createRandom>,
  definitions: readonly Definition[],
): readonly Definition[] {
  const at = random.below(definitions.length);
  if (random.chance(0.5)) return definitions.toSpliced(at, 1);
  const name = random.pick(["a", "b", "c", "d", "f", "g"]);
  const route = random.chance(0.8) ? name : "a";
  return definitions.toSpliced(at, 0, { name, route, body: "0", tokens: ["t"], isBroken: false });
}

/** What did not change is the same object again, as when a source reads it. */
function setOf({ tokens, definitions }: Tree, made: Map<string, Manifest>) {
  const known = (key: string, make: () => Manifest): Manifest => {
    const manifest = made.get(key) ?? make();
    made.set(key, manifest);
    return manifest;
  };
  const good = definitions.filter(({ isBroken }) => !isBroken);
  return set({
    manifests: [
      ...tokens.map((name) => known(`token ${name}`, () => token(name))),
      ...good.map((each) =>
        known(JSON.stringify(each), () =>
          definition(each.name, each.route, { body: each.body, tokens: [...each.tokens] }),
        ),
      ),
    ],
    broken: definitions.filter(({ isBroken }) => isBroken).map(({ name }) => broken("ApiDefinition", name)),
  });
}
