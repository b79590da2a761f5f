import { describe, expect, test } from "vitest";

import { readToken } from "../../../src/dashboard/api/token-request.ts";
import { readTriggerRequest } from "../../../src/dashboard/api/trigger-request.ts";
import { webhookFromDashboard } from "../../../src/exchange/webhook-exchange.ts";
import { accepted, hook, type Json, orgId, printed, read, seed } from "../../support/exchanging.ts";

const hostile: readonly unknown[] = [
  null,
  -1,
  1e308,
  "",
  "\u0000",
  "\ud800",
  "\r\nX-Injected: 1\r\n\r\nGitway-Allow-Prune: yes",
  "../../../etc/passwd",
  "x".repeat(100_000),
  "(((((((((((((((((((((((a+)+)+)+)+)+",
  [],
  [null],
  ["__proto__"],
  { toString: 1, valueOf: 1 },
  JSON.parse('{"then":true,"toJSON":1}'),
  JSON.parse('{"__proto__":{"polluted":true}}'),
  JSON.parse('{"constructor":{"prototype":{"polluted":true}}}'),
];

const { object, webhooks } = accepted(read(seed("post-request")));
const full = {
  ...printed(object, webhooks),
  gitway: {
    name: "test",
    id: object.id,
    labels: { team: "video" },
    annotations: { note: "x" },
    route: "a/{b}",
    tokens: ["internal"],
    rateLimit: { limit: 5, window: "1m" },
    action: { proxy: { targetUrl: "http://127.0.0.1:1/" } },
  },
};
const aHook = {
  ...(seed("post-request")["hook_references"] as { hook: Json }[])[0]?.hook,
  gitway: { name: "test", id: hook("test", { url: "http://127.0.0.1:1/" }).id, labels: { a: "b" } },
};
const aToken = {
  name: "internal",
  description: "x",
  disabled: false,
  rateLimit: { limit: 5, window: "1m" },
  quota: { limit: 5, window: "1d" },
  expires: "2099-01-01T00:00:00Z",
};
const aTrigger = {
  definition: "hello",
  route: "hello/{a}",
  parameters: { a: "b" },
  method: "POST",
  query: { a: ["b"] },
  headers: { "x-a": ["b"] },
  body: "x",
  secret: "x",
};

describe("each value in turn replaced by a hostile one is read, or refused with problems, and never a failure", () => {
  test("in a new definition", { timeout: 60_000 }, () => {
    expectNoFailure(full, (request) => read(request));
  });

  test("in a definition that is updated", { timeout: 60_000 }, () => {
    expectNoFailure(full, (request) => read(request, { previous: object, hooks: webhooks }));
  });

  test("in a webhook", () => {
    const reading = { orgId, previous: null, takenNames: new Set<string>(), keepIds: false };
    expectNoFailure(aHook, (request) => webhookFromDashboard(request, reading));
  });

  test("in a token", () => {
    expectNoFailure(aToken, (request) => readToken(request, null, () => false));
  });

  test("in a trigger", () => {
    expectNoFailure(aTrigger, (request) => readTriggerRequest(request));
  });
});

function expectNoFailure(sample: object, act: (request: unknown) => unknown): void {
  const failed: unknown[] = [];
  let count = 0;
  for (const request of variants(sample)) {
    count++;
    try {
      act(request.value);
    } catch (error) {
      failed.push([request.at, error]);
    }
  }
  expect(failed).toEqual([]);
  expect(count).toBeGreaterThan(100);
  expect(({} as Json)["polluted"]).toBeUndefined();
}

function* variants(value: unknown, at = ""): Generator<{ readonly at: string; readonly value: unknown }> {
  for (const other of hostile)
    yield { at: `${at} = ${JSON.stringify(other).slice(0, 40)}`, value: structuredClone(other) };
  if (typeof value !== "object" || value === null) return;
  for (const [name, field] of Object.entries(value))
    for (const inner of variants(field, `${at}/${name}`)) {
      const copy = structuredClone(value) as Json;
      copy[name] = inner.value;
      yield { at: inner.at, value: copy };
    }
}
