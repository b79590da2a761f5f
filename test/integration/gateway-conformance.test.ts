import { describe, expect, test } from "vitest";

import { reasons, judgedCases, type Judged } from "../support/conformance/cases.ts";
import { holdsOverHttp } from "../support/conformance/http-cases.ts";
import { holdsInSteps } from "../support/conformance/steps.ts";
import { holdsInCode } from "../support/conformance/unit-cases.ts";

/** Facts that there is nothing to ask about. */
const unasked = new Set(["no-admin-api"]);

describe("every fact about the classic gateway", () => {
  test("is judged, for a reason of the closed list where Gitway does not agree", () => {
    const unknown = judgedCases.filter(({ stand, reason }) =>
      stand === "agree" ? reason !== null : !reasons.has(reason ?? ""),
    );

    expect(unknown.map(({ id }) => id)).toEqual([]);
  });

  test("and the counts are printed", () => {
    const count = (stand: Judged["stand"]) => judgedCases.filter((judged) => judged.stand === stand).length;

    console.info(
      `${count("agree")} agree, ${count("differ")} differ, ${count("not applicable")} are not applicable`,
    );
    expect(judgedCases).toHaveLength(309);
  });
});

const asked = judgedCases
  .filter(({ stand, reason }) => stand !== "not applicable" && !unasked.has(reason ?? ""))
  .map((judged) => ({ ...judged, verb: judged.stand === "agree" ? "agrees with" : "differs from" }));

describe("Gitway", () => {
  test.each(asked)("$verb $id", async ({ suite, fact, stand }) => {
    const holds =
      (await holdsInSteps(suite, fact)) ??
      (await holdsInCode(suite, fact)) ??
      (await holdsOverHttp(suite, fact));

    expect({ fact, holds }).toEqual({ fact, holds: stand === "agree" });
  });
});
