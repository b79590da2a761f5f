import { expect, test } from "vitest";

import { objectKey } from "../../../src/manifest/manifest.ts";
import type { CurrentState, StoredObject } from "../../../src/plan/plan.ts";
import { expectedState, type LiveState } from "../../support/expected-state.ts";
import { randomSteps } from "../../support/random-trees.ts";
import { setOf } from "./meant-set.ts";
import { applied, nothing, planFor } from "./state.ts";

const walks = 200;
const steps = 12;

test("laws 3 and 4: plans agree with the naive model on random walks", () => {
  const reasons = new Set<string>();
  for (let seed = 1; seed <= walks; seed++) {
    let current: CurrentState = nothing;
    let live: LiveState = new Map();
    for (const [index, step] of randomSteps(seed, steps).entries()) {
      const { tree, branch: origin, consent } = step;
      const expected = expectedState(live, tree, step);
      const consents = { allowPrune: consent === "flag", trailer: consent === "trailer" };
      const plan = planFor(current, setOf(tree), { ...consents, origin });
      current = applied(current, plan);
      live = expected.live;
      for (const { code } of plan.held) reasons.add(code);

      expect(
        {
          live: current.objects.map(shown).toSorted(),
          quarantined: plan.quarantined.map((entry) => `${objectKey(entry)} ${entry.serving}`).toSorted(),
          held: plan.held.map(objectKey).toSorted(),
        },
        `seed ${seed}, step ${index}, on ${origin}, consent: ${consent}`,
      ).toEqual({
        live: [...live]
          .map(([key, { path, branch, name, content }]) => `${key} ${branch}:${path} ${name} ${content}`)
          .toSorted(),
        quarantined: [...expected.quarantined].map((key) => `${key} ${live.has(key)}`).toSorted(),
        held: [...expected.held].toSorted(),
      });
    }
  }
  expect([...reasons].toSorted()).toEqual([
    "absence-unproven",
    "changed-id",
    "possible-rename",
    "prune-limit",
    "source-changed",
  ]);
}, 60_000);

function shown(object: StoredObject): string {
  return `${objectKey(object)} ${object.origin}:${object.path} ${object.name} ${contentIn(object)}`;
}

function contentIn({ kind, spec }: StoredObject): string | undefined {
  if (kind === "User") return spec.displayName;
  if (kind === "ApiToken") return spec.description;
  return kind === "ApiDefinition" ? spec.action.reply?.body : undefined;
}
