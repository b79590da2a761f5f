import { readFile } from "node:fs/promises";

import { describe, expect, test } from "vitest";

import {
  explained,
  type GatewayCase,
  type Judged,
  judgedCases,
  type Observed,
  reasons,
  type Suite,
  validParts,
} from "../support/conformance/cases.ts";
import { observeOverHttp } from "../support/conformance/http-cases.ts";
import { observeSteps } from "../support/conformance/steps.ts";
import { observeInCode } from "../support/conformance/unit-cases.ts";

/** Facts that there is nothing to ask about. */
const unasked = new Set(["no-admin-api"]);

const asked = judgedCases.filter(
  ({ stand, reason }) => stand !== "not applicable" && !unasked.has(reason ?? ""),
);

describe("every fact about the classic gateway", () => {
  test("is judged, for a reason of the closed list where Gitway does not agree", () => {
    const unknown = judgedCases.filter(({ stand, reason }) =>
      stand === "agree" ? reason !== null : !reasons.has(reason ?? ""),
    );

    expect(unknown.map(({ id }) => id)).toEqual([]);
  });

  test("from which Gitway differs has what Gitway does instead", () => {
    const different = asked.filter(({ stand }) => stand === "differ").map(({ id }) => id);

    expect(explained.toSorted()).toEqual(different.toSorted());
  });

  test("about a field without effect has the documentation name it", async () => {
    const guide = await readFile(new URL("../../.docs/dashboard-notation.md", import.meta.url), "utf8");
    const ineffective = judgedCases.filter(({ reason }) => reason === "documented-without-effect");
    const [, list = ""] = /## Fields without an effect\n([^]*?)\n## /.exec(guide) ?? [];

    expect(ineffective.filter(({ field }) => !list.includes(`\`${field}\``)).map(({ id }) => id)).toEqual([]);
  });

  test("and the counts are printed", () => {
    const count = (stand: Judged["stand"]) => judgedCases.filter((judged) => judged.stand === stand).length;

    console.info(
      `${count("agree")} agree, ${count("differ")} differ, ${count("not applicable")} are not applicable`,
    );
    expect(judgedCases).toHaveLength(309);
  });
});

describe("Gitway", () => {
  test.each(asked.filter(({ stand }) => stand === "agree"))("agrees with $id", async ({ suite, fact }) => {
    const { holds, found } = await observe(suite, fact);

    expect({ fact, holds, found }).toEqual({ fact, holds: true, found });
  });

  test.each(asked.filter(({ stand }) => stand === "differ"))(
    "differs from $id, as it is written down",
    async ({ suite, fact, instead }) => {
      const { holds, found } = await observe(suite, fact);

      expect({ fact, holds, found }).toEqual({ fact, holds: false, found: instead });
    },
  );

  const parts = validParts.flatMap((suite) =>
    suite.cases.map((fact, index) => ({ id: `${suite.id}[${index}]`, suite, fact })),
  );
  test.each(parts)("agrees with $id, without what is refused of its definition", async ({ suite, fact }) => {
    expect(await observe(suite, fact)).toMatchObject({ holds: true });
  });
});

async function observe(suite: Suite, fact: GatewayCase): Promise<Observed> {
  return (
    (await observeSteps(suite, fact)) ??
    (await observeInCode(suite, fact)) ??
    (await observeOverHttp(suite, fact))
  );
}
