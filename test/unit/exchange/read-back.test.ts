import * as fc from "fast-check";
import { describe, expect, test } from "vitest";

import { classicWrapper } from "../../support/classic-arbitraries.ts";
import { definitionObject, hooks, stable } from "../../support/exchange-arbitraries.ts";
import { accepted, type Json, printed, read } from "../../support/exchanging.ts";

const runs = { numRuns: 40 };

describe("a definition of any client", () => {
  test("is read back as it was written", () => {
    fc.assert(
      fc.property(classicWrapper, (wrapper) => {
        const { object, webhooks } = accepted(read(wrapper, { hooks }));
        expectContained(printed(object, [...hooks, ...webhooks]), wrapper);
      }),
      runs,
    );
  });

  test("is read back as it was written after an update, whatever was there", () => {
    fc.assert(
      fc.property(classicWrapper, definitionObject, (wrapper, previous) => {
        const { object, webhooks } = accepted(read(wrapper, { hooks, previous }));
        expectContained(printed(object, [...hooks, ...webhooks]), wrapper);
      }),
      runs,
    );
  });

  test("changes nothing when it is written once more", () => {
    fc.assert(
      fc.property(classicWrapper, (wrapper) => {
        const { object, webhooks } = accepted(read(wrapper, { hooks }));
        const all = { hooks: [...hooks, ...webhooks], previous: object };
        for (const request of [wrapper, printed(object, all.hooks)]) {
          const again = accepted(read(request, all));
          expect(again.webhooks).toEqual([]);
          expect(stable(again.object)).toEqual(stable(object));
        }
      }),
      runs,
    );
  });
});

/** Every field of a request is in an answer, but for what the Dashboard API has another form for. */
function expectContained(answer: Json, request: Json): void {
  expect(withForm(answer)).toMatchObject(withForm(request));
}

/** JSON without what says nothing. References have no order between events that Gitway has and others. */
function withForm(wrapper: Json): Json {
  return JSON.parse(JSON.stringify(wrapper), (key, value: unknown) => {
    if (key === "hook_references" && Array.isArray(value)) value.sort(byEvent);
    const isEmpty = typeof value === "object" && value !== null && Object.keys(value).length === 0;
    return value === null || isEmpty ? undefined : value;
  }) as Json;
}

function byEvent(a: { readonly event_name: string }, b: { readonly event_name: string }): number {
  return a.event_name.localeCompare(b.event_name);
}
