import * as fc from "fast-check";
import { describe, expect, test } from "vitest";

import type { DefinitionObject } from "../../../src/exchange/definition-notation.ts";
import { definitionObject, hooks, stable } from "../../support/exchange-arbitraries.ts";
import { accepted, printed, read } from "../../support/exchanging.ts";

const runs = { numRuns: 40 };

describe("a definition of any manifest", () => {
  test("comes back from the Dashboard's notation as it was", () => {
    fc.assert(
      fc.property(definitionObject, (object) => {
        const again = accepted(read(printed(object, hooks), { hooks, keepIds: true }));
        expect(again.webhooks).toEqual([]);
        expectSame(again.object, object);
      }),
      runs,
    );
  });

  test("stays as it is when what was printed is sent back, with or without what only Gitway says", () => {
    fc.assert(
      fc.property(definitionObject, (object) => {
        const { gitway, ...wrapper } = printed(object, hooks);
        for (const request of [{ ...wrapper, gitway }, wrapper])
          expectSame(accepted(read(request, { hooks, previous: object })).object, object);
      }),
      runs,
    );
  });
});

function expectSame(actual: DefinitionObject, expected: DefinitionObject): void {
  expect(stable(actual)).toEqual(stable(expected));
}
