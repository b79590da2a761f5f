import { expect, test } from "vitest";

import { formatPlanText } from "../../../src/plan/format-plan.ts";
import { broken, definition, live, planFor, problem, set, token } from "./state.ts";

test("a plan says what changes field by field, what is held back, and every problem", () => {
  const current = live(definition("a", "a"), definition("b", "b"), definition("c", "c"));
  const desired = set({
    manifests: [definition("a", "new/route"), token("t")],
    broken: [broken("ApiDefinition", "b")],
    unidentified: [problem("apis/odd.yaml")],
  });

  expect(formatPlanText(planFor(current, desired))).toMatchInlineSnapshot(`
    "+ ApiToken 't' will be added   apis/t.yaml:1
        + metadata.name: "t"
        + spec.description: ""
        + spec.secret.generate: true

    ~ ApiDefinition 'a' with route 'new/route' will be updated   apis/a.yaml:1
        ~ spec.route: "a" -> "new/route"

    ! ApiDefinition 'b' is quarantined: its last good version stays
        apis/b.yaml:1:1 broken [syntax]

    ! error: apis/odd.yaml:1:1 broken [syntax]

    ! ApiDefinition 'c' with route 'c' is not deleted [absence-unproven]
        It may be what can't be read at apis/odd.yaml:1. Mend that first; until then nothing is deleted.

    Plan for cccccccccccc: 1 to add, 1 to update, 0 to delete, 2 unchanged, 1 quarantined, 1 held.
    "
  `);
});

test("an empty plan is one line", () => {
  const current = live(definition("a", "a"));

  expect(formatPlanText(planFor(current, set({ manifests: [definition("a", "a")] })))).toBe(
    "Plan for cccccccccccc: 0 to add, 0 to update, 0 to delete, 1 unchanged.\n",
  );
});
