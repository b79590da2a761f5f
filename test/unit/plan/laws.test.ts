import fc from "fast-check";
import { expect, test } from "vitest";

import type { BrokenManifest, Manifest, ManifestSet } from "../../../src/manifest/manifest.ts";
import { claimOf, referencesOf } from "../../../src/manifest/references.ts";
import type { CurrentState } from "../../../src/plan/plan.ts";
import { applied, broken, definition, nothing, planFor, problem, set, token } from "./state.ts";

const name = fc.constantFrom("a", "b", "c", "d", "e");
const someDefinition = fc
  .record({
    name,
    route: fc.constantFrom("r1", "r2", "r3", "{x}/y", "x/{y}"),
    tokens: fc.uniqueArray(fc.constantFrom("t1", "t2")),
    body: fc.constantFrom("1", "2"),
    file: fc.option(fc.constantFrom("apis/one.yaml", "apis/two.yaml"), { nil: undefined }),
  })
  .map(({ name, route, file, ...extra }) => definition(name, route, { ...extra, ...(file ? { file } : {}) }));
const someToken = fc
  .record({ name: fc.constantFrom("t1", "t2"), description: fc.constantFrom("1", "2") })
  .map(({ name, ...extra }) => token(name, extra));
const someManifest: fc.Arbitrary<Manifest> = fc.oneof(someDefinition, someToken);
const someBroken: fc.Arbitrary<BrokenManifest> = fc.oneof(
  name.map((name) => broken("ApiDefinition", name)),
  fc.constantFrom("t1", "t2").map((name) => broken("ApiToken", name)),
);
const tree: fc.Arbitrary<ManifestSet> = fc
  .record({
    manifests: fc.array(someManifest, { maxLength: 8 }),
    broken: fc.array(someBroken, { maxLength: 2 }),
    unidentified: fc.array(fc.constant(problem("apis/odd.yaml")), { maxLength: 1 }),
  })
  .map(set);
const history = fc.array(fc.record({ tree, allowPrune: fc.boolean() }), { minLength: 1, maxLength: 6 });

/** Applies the trees one after the other and hands every step to a check. */
function replay(
  steps: readonly { tree: ManifestSet; allowPrune: boolean }[],
  check: (
    before: CurrentState,
    plan: ReturnType<typeof planFor>,
    after: CurrentState,
    tree: ManifestSet,
  ) => void,
): void {
  let current = nothing;
  for (const { tree, allowPrune } of steps) {
    const plan = planFor(current, tree, { allowPrune });
    const after = applied(current, plan);
    check(current, plan, after, tree);
    current = after;
  }
}

test("law 1: the plan of what was just applied is empty", () => {
  fc.assert(
    fc.property(history, (steps) => {
      replay(steps, (_before, _plan, after, tree) => {
        expect(planFor(after, tree)).toMatchObject({ changes: [], sightings: [] });
      });
    }),
    { numRuns: 500 },
  );
});

test("law 3: a tree with an unreadable document deletes nothing", () => {
  fc.assert(
    fc.property(history, (steps) => {
      replay(steps, (_before, plan, _after, tree) => {
        const deletions = plan.changes.filter(({ action }) => action === "delete");
        if (tree.unidentified.length > 0) expect(deletions).toEqual([]);
        const mentioned = new Set(
          [...tree.manifests, ...tree.broken].map(({ kind, name }) => `${kind} ${name}`),
        );
        for (const { kind, name } of deletions) expect(mentioned).not.toContain(`${kind} ${name}`);
      });
    }),
    { numRuns: 500 },
  );
});

test("law 4: names and claims are unique in every state, and every change refers to what is there", () => {
  fc.assert(
    fc.property(history, (steps) => {
      replay(steps, (_before, plan, after) => {
        const names = after.objects.map(({ kind, name }) => `${kind} ${name}`);
        const claims = after.objects.flatMap((object) => claimOf(object)?.key ?? []);
        expect(new Set(names).size).toBe(names.length);
        expect(new Set(claims).size).toBe(claims.length);
        for (const change of plan.changes) {
          for (const { kind, name } of change.after ? referencesOf(change.after) : []) {
            expect(names).toContain(`${kind} ${name}`);
          }
        }
      });
    }),
    { numRuns: 500 },
  );
});

test("law 4: every good manifest is live, equal already, or quarantined with a reason", () => {
  fc.assert(
    fc.property(history, (steps) => {
      replay(steps, (_before, plan, after, tree) => {
        for (const manifest of tree.manifests) {
          const isLive = after.objects.some(({ hash }) => hash === manifest.hash);
          const reason = plan.quarantined.find(
            ({ kind, id }) => kind === manifest.kind && id === manifest.id,
          );
          expect(isLive || (reason?.problems.length ?? 0) > 0).toBe(true);
        }
      });
    }),
    { numRuns: 500 },
  );
});

test("the order of the manifests in the tree does not matter", () => {
  fc.assert(
    fc.property(history, tree, (steps, last) => {
      let current = nothing;
      for (const { tree, allowPrune } of steps)
        current = applied(current, planFor(current, tree, { allowPrune }));
      const reversed = { ...last, manifests: last.manifests.toReversed() };

      const summary = (tree: ManifestSet) =>
        planFor(current, tree).changes.map(({ action, kind, name, after }) => [
          action,
          kind,
          name,
          after?.hash,
        ]);

      expect(summary(reversed)).toEqual(summary(last));
    }),
    { numRuns: 500 },
  );
});
