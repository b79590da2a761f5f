import { describe, expect, test } from "vitest";

import { dashboardIds } from "../../../src/manifest/dashboard-ids.ts";
import { accepted, type Json, printed, read, seed } from "../../support/exchanging.ts";

describe("the samples of the Dashboard API's documentation", () => {
  test("what the sample of POST creates is printed like the sample of GET, but for generated ids", () => {
    const { object, webhooks } = accepted(read(seed("post-request")));
    const { gitway, ...wrapper } = printed(object, webhooks);
    expect(inOrder(wrapper)).toBe(inOrder(withIds(seed("get-response"), object)));
    expect(gitway).toEqual({ name: "test", tokens: [] });
  });

  test("the sample of PUT changes nothing in what the sample of POST created", () => {
    const { object, webhooks } = accepted(read(seed("post-request")));
    const put = withIds(seed("put-request"), object);
    expect(accepted(read(put, { previous: object, hooks: webhooks }))).toEqual({ object, webhooks: [] });
  });

  test("what is printed changes nothing when it is sent back", () => {
    const { object, webhooks } = accepted(read(seed("post-request")));
    const again = accepted(read(printed(object, webhooks), { previous: object, hooks: webhooks }));
    expect(again).toEqual({ object, webhooks: [] });
  });

  test("the samples of GET can be imported with their ids", () => {
    const [listed] = seed("list-response")["apis"] as Json[];
    for (const sample of [listed, seed("get-response")]) {
      const { object, webhooks } = accepted(read(sample, { keepIds: true }));
      const { gitway: _, ...wrapper } = printed(object, webhooks);
      const definition = {
        ...(sample?.["api_definition"] as Json),
        custom_middleware: { pre: [], post: [] },
      };
      expect(inOrder(wrapper)).toBe(inOrder({ ...sample, api_definition: definition }));
    }
  });
});

/** JSON whose text tells the order of the fields too. */
function inOrder(value: unknown): string {
  return JSON.stringify(value, null, 1);
}

/** A sample with the ids of an object in the place of its own. */
function withIds(sample: Json, object: Parameters<typeof dashboardIds>[0]): Json {
  const { id, apiId } = dashboardIds(object);
  const text = JSON.stringify(sample)
    .replaceAll("54c24242eba6db1c9a000002", id)
    .replaceAll("bc2f8cfb7ab241504d9f3574fe407499", apiId);
  return JSON.parse(text) as Json;
}
