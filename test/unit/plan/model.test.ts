import { expect, test } from "vitest";

import { objectKey, type Manifest, type ManifestSet } from "../../../src/manifest/manifest.ts";
import type { CurrentState, StoredObject } from "../../../src/plan/plan.ts";
import { expectedState, liveObject, type LiveState } from "../../support/expected-state.ts";
import { readableOf, type MeantTree, type Placed } from "../../support/meant-tree.ts";
import { randomSteps } from "../../support/random-trees.ts";
import { applied, broken, definition, nothing, planFor, problem, set, token, user } from "./state.ts";

const walks = 200;
const steps = 12;

test("laws 3 and 4: plans agree with the naive model on random walks", () => {
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

      expect(
        {
          live: current.objects.map(shown).toSorted(),
          quarantined: plan.quarantined.map((entry) => `${objectKey(entry)} ${entry.serving}`).toSorted(),
          held: plan.held.map(objectKey).toSorted(),
        },
        `seed ${seed}, step ${index}, on ${origin}, consent: ${consent}`,
      ).toEqual({
        live: [...live]
          .map(([key, { path, branch, content }]) => `${key} ${branch}:${path} ${content}`)
          .toSorted(),
        quarantined: [...expected.quarantined].map((key) => `${key} ${live.has(key)}`).toSorted(),
        held: [...expected.held].toSorted(),
      });
    }
  }
});

/** What the source would say of a tree; a manifest has its whole content in one field. */
function setOf(tree: MeantTree): ManifestSet {
  const { good, broken: flawed, unreadable } = readableOf(tree);
  return set({
    manifests: good.map((placed) => manifestOf(placed, tree)),
    broken: flawed.map(({ path, meant }) => broken(meant.kind, meant.name, meant.id ?? undefined, path)),
    unidentified: unreadable.map(problem),
  });
}

function manifestOf(placed: Placed, tree: MeantTree): Manifest {
  const { kind, name, id, route, tokens } = placed.meant;
  const { content } = liveObject(placed, tree, "");
  const place = { file: placed.path, ...(id === null ? {} : { id }) };
  if (kind === "User") return user(name, { displayName: content, ...place });
  if (kind === "ApiToken") return token(name, { description: content, ...place });
  return definition(name, route, { body: content, tokens: [...tokens], ...place });
}

function shown(object: StoredObject): string {
  return `${objectKey(object)} ${object.origin}:${object.path} ${contentIn(object)}`;
}

function contentIn({ kind, spec }: StoredObject): string | undefined {
  if (kind === "User") return spec.displayName;
  if (kind === "ApiToken") return spec.description;
  return kind === "ApiDefinition" ? spec.action.reply?.body : undefined;
}
