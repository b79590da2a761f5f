import * as fc from "fast-check";
import { describe, expect, test } from "vitest";

import { webhookFromDashboard, webhookToDashboard } from "../../../src/exchange/webhook-exchange.ts";
import type { WebhookObject } from "../../../src/exchange/webhook-notation.ts";
import { canonicalJson } from "../../../src/manifest/canonical.ts";
import type { WebhookSpec } from "../../../src/manifest/webhook.generated.ts";
import { hook, type Json, orgId } from "../../support/exchanging.ts";

const sample = {
  api_model: {},
  id: "54be6c0beba6db07a6000002",
  org_id: orgId,
  name: "Test Post",
  method: "POST",
  target_path: "http://httpbin.org/post",
  template_path: "",
  header_map: { "x-tyk-test": "123456" },
  event_timeout: 0,
};

function read(request: unknown, previous: WebhookObject | null = null, keepIds = true) {
  const takenNames = new Set(previous ? [previous.name] : ["taken"]);
  return webhookFromDashboard(request, { orgId, previous, takenNames, keepIds });
}

function accepted(request: unknown, previous: WebhookObject | null = null, keepIds = true): WebhookObject {
  const { webhook, problems } = read(request, previous, keepIds);
  if (!webhook) throw new Error(JSON.stringify(problems));
  return {
    ...hook(webhook.name, webhook.spec),
    ...webhook,
    id: webhook.id ?? hook(webhook.name, webhook.spec).id,
  };
}

function printed(object: WebhookObject): Json {
  return JSON.parse(JSON.stringify(webhookToDashboard(object, orgId))) as Json;
}

describe("a webhook of the Dashboard API", () => {
  test("is a manifest with a title, and is printed as it was sent", () => {
    const object = accepted(sample);
    expect(object).toMatchObject({
      name: "test-post",
      spec: {
        title: "Test Post",
        url: "http://httpbin.org/post",
        method: "POST",
        headers: { "x-tyk-test": "123456" },
      },
    });
    const { gitway, ...printedHook } = printed(object);
    expect(JSON.stringify(printedHook)).toBe(JSON.stringify(sample));
    expect(gitway).toEqual({ name: "test-post" });
  });

  test("gets an id of its own when it is created, and keeps it when an update leaves it out", () => {
    const created = accepted({ ...sample, name: "Taken" }, null, false);
    const { id } = printed(created);
    expect(created.name).toBe("taken-2");
    expect(id).toMatch(/^[0-9a-f]{24}$/);
    expect(id).not.toBe(sample.id);
    const { id: _, ...rest } = sample;
    const updated = accepted({ ...rest, event_timeout: 60, unknown: [1] }, created);
    expect(printed(updated)).toMatchObject({ id, name: "Test Post", event_timeout: 60, unknown: [1] });
    expect(updated.spec).toMatchObject({ dedupe: "1m", dashboard: { unknown: [1] } });
  });

  test.each([
    [{}, ["(root): method is required", "(root): target_path is required"]],
    [{ ...sample, method: "TRACE" }, ["method: must be one of GET, POST, PUT, PATCH, DELETE"]],
    [
      { ...sample, target_path: "x", header_map: { a: 1 } },
      [
        "header_map.a: Invalid type. Expected: string, given: integer",
        "target_path: must be an absolute http or https URL, such as https://encoders.example.com/v2.",
      ],
    ],
    [{ ...sample, id: "../x" }, ["id: must be 24 hex digits"]],
    ["x", ["(root): Invalid type. Expected: object, given: string"]],
  ])("says what is wrong with %j", (request, expected) => {
    expect(read(request).problems.map(({ message }) => message)).toEqual(expected);
  });
});

const word = fc.stringMatching(/^[a-z]{1,4}$/);
const spec: fc.Arbitrary<WebhookSpec> = fc
  .record(
    {
      title: fc.constantFrom("on-call", "On call"),
      url: fc.constantFrom("http://a.example", "https://b.example/x"),
      method: fc.constantFrom("GET", "PUT"),
      headers: fc.dictionary(fc.constantFrom("x-a", "X-B"), word, { minKeys: 1 }),
      template: fc.constantFrom("templates/a.json"),
      timeout: fc.constantFrom("5s"),
      dedupe: fc.constantFrom("0s", "60s", "1m", "1500ms"),
      dashboard: fc
        .record(
          {
            id: fc.constantFrom(sample.id, "no id"),
            event_timeout: fc.constantFrom(5, "odd"),
            name: fc.constantFrom("Other", null),
            webhook_id: word,
          },
          { requiredKeys: [] },
        )
        .filter((kept) => Object.keys(kept).length > 0),
    },
    { requiredKeys: ["url"] },
  )
  .map((spec) => spec as WebhookSpec);

test("a webhook of any manifest comes back from the Dashboard's notation as it was", () => {
  fc.assert(
    fc.property(spec, (spec) => {
      const object = hook("on-call", spec);
      const shown = printed(object);
      const { gitway: _, ...without } = shown;
      expect(canonicalJson(accepted(shown))).toBe(canonicalJson(object));
      expect(canonicalJson(accepted(shown, object))).toBe(canonicalJson(object));
      expect(canonicalJson(accepted(without, object))).toBe(canonicalJson(object));
    }),
    { numRuns: 200 },
  );
});
