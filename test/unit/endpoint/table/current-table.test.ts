import { expect, test, vi } from "vitest";

import { createCurrentTable } from "../../../../src/endpoint/table/current-table.ts";
import type { ServingChanges, ServingState } from "../../../../src/store/serving/serving-store.ts";
import { definition, state } from "../../../support/serving.ts";

const base = "/api/custom";

test("what has not changed is neither read nor built again", async () => {
  const feed = feedAt(1);
  const table = createCurrentTable({ feed, base });

  const first = await table();

  expect(await table()).toBe(first);
  expect(feed.serving).toHaveBeenCalledTimes(1);
});

test("a change is read from where the table stands, and the rest is kept as it was prepared", async () => {
  const feed = feedAt(1);
  const table = createCurrentTable({ feed, base });
  const [hello] = (await table()).state.definitions;
  feed.change(2, definition("other", { route: "other" }));

  const next = await table();

  expect(next.state.definitions.map(({ name }) => name)).toEqual(["hello", "other"]);
  expect(next.state.definitions[0]).toBe(hello);
  expect(feed.serving).toHaveBeenCalledTimes(1);
});

test("who asks after a change gets it, also while somebody else is reading", async () => {
  const feed = feedAt(1);
  const table = createCurrentTable({ feed, base });
  const before = table();
  feed.change(2, definition("other", { route: "other" }));

  expect((await table()).revision).toBe(2);
  await before;
});

test("a store that fails is asked again", async () => {
  const feed = feedAt(1);
  feed.serving.mockRejectedValueOnce(new Error("away"));
  const table = createCurrentTable({ feed, base });

  await expect(table()).rejects.toThrow("away");
  expect((await table()).revision).toBe(1);
});

function feedAt(revision: number) {
  const marked = (at: number, definitions: ServingState["definitions"]): ServingState => ({
    ...state(definitions),
    revision: at,
    mark: { revision: at, applyId: "a", credentialChanges: 0 },
  });
  let current = marked(revision, [definition("hello", { route: "hello" })]);
  return {
    serving: vi.fn(async () => current),
    servingSince: async (since: { revision: number }): Promise<ServingChanges> => ({
      ...current,
      definitions: since.revision === current.revision ? [] : current.definitions.slice(1),
      tokens: [],
      removed: [],
      credentials: null,
      mark: current.mark!,
    }),
    change(at: number, added: ServingState["definitions"][number]) {
      current = marked(at, [...current.definitions, added]);
    },
  };
}
