import { inspect } from "node:util";

import { describe, expect, test } from "vitest";

import { shownOutcome, type TriggerOutcome } from "../../../src/dashboard/api/trigger-answer.ts";
import { readTriggerRequest, type TriggerRequest } from "../../../src/dashboard/api/trigger-request.ts";
import { triggerUrl } from "../../../src/dashboard/api/trigger-url.ts";

const secret = "s".repeat(40);

describe("a request to trigger", () => {
  test("needs little", () => {
    expect(readTriggerRequest({ route: "hello" })).toMatchObject({
      definition: null,
      route: "hello",
      method: "GET",
      query: "",
      headers: [],
      secret: null,
    });
    expect(readTriggerRequest({ definition: "hello", body: "{}" })).toMatchObject({
      method: "POST",
      headers: [["content-type", "application/json"]],
    });
  });

  test("takes texts and lists of texts for query and headers", () => {
    expect(
      readTriggerRequest({
        route: "hello",
        method: "put",
        query: { a: ["1", "2"], "b&": "ü" },
        headers: { "X-A": ["1", "2"], "Content-Type": "text/plain" },
        body: "x",
      }),
    ).toMatchObject({
      method: "PUT",
      query: "a=1&a=2&b%26=%C3%BC",
      headers: [
        ["X-A", "1"],
        ["X-A", "2"],
        ["Content-Type", "text/plain"],
      ],
    });
    expect(readTriggerRequest({ route: "hello", query: "?a=1" })).toMatchObject({ query: "a=1" });
  });

  test("keeps its secret to itself", () => {
    const request = readTriggerRequest({ route: "hello", secret });

    expect(JSON.stringify(request) + inspect(request, { depth: 9 })).not.toContain(secret);
    expect((request as TriggerRequest).secret?.reveal()).toBe(secret);
  });

  test.each([
    ["no object", []],
    ["null", null],
    ["nothing to call", { method: "GET" }],
    ["two tokens", { route: "hello", secret, as: "internal" }],
    ["an unknown field", { route: "hello", token: secret }],
    ["a field of every object", JSON.parse(`{"route":"hello","__proto__":"${secret}"}`)],
    ["another type of secret", { route: "hello", secret: [secret] }],
    ["a secret that is too long", { route: "hello", secret: secret.repeat(200) }],
    ["a method that is none", { route: "hello", method: `GET ${secret}` }],
    ["CONNECT", { route: "hello", method: "CONNECT" }],
    ["a header that breaks the line", { route: "hello", headers: { "x-a": `1\r\nx-b: ${secret}` } }],
    ["a name of a header that breaks the line", { route: "hello", headers: { [`x:${secret}\n`]: "1" } }],
    ["too many headers", { route: "hello", headers: { "x-a": secret.repeat(1000) } }],
    ["a query of numbers", { route: "hello", query: { a: 1 } }],
    ["parameters that are lists", { route: "hello", parameters: { a: [secret] } }],
    ["a body of bytes", { route: "hello", body: { type: "Buffer" } }],
  ])("is refused with a sentence for %s, without what was given", (_what, value) => {
    const answer = readTriggerRequest(value);

    expect(answer).toEqual(expect.any(String));
    expect(answer).not.toContain(secret);
  });
});

describe("the path of a trigger", () => {
  const request = { route: null, parameters: {}, query: "" };

  test.each([
    ["the definition's own", {}, "hello", "/api/custom/hello"],
    ["a listen path", {}, "/legacy/", "/legacy/"],
    ["as called", { route: "encoders/a%2Fb/status?x=1" }, "", "/api/custom/encoders/a%2Fb/status?x=1"],
    ["from the root", { route: "/legacy/a" }, "hello", "/legacy/a"],
    ["with placeholders", { parameters: { id: "a/b ü" } }, "e/{id}/s", "/api/custom/e/a%2Fb%20%C3%BC/s"],
    ["by the route of a manifest", { route: "e/{id}", parameters: { id: "1" } }, "", "/api/custom/e/1"],
    ["with a query", { route: "a?x=1", query: "y=2" }, "", "/api/custom/a?x=1&y=2"],
    ["with letters that a URL encodes", {}, "größe", "/api/custom/gr%C3%B6%C3%9Fe"],
  ])("is %s", (_what, asked, own, url) => {
    expect(triggerUrl({ ...request, ...asked }, own, "/api/custom")).toEqual({ url });
  });

  test.each([
    ["a placeholder without a value", {}, "e/{id}", "'id'"],
    ["one that is empty", { parameters: { id: "" } }, "e/{id}", "'id'"],
    ["one that every object has", {}, "e/{constructor}", "'constructor'"],
    ["a value without a placeholder", { parameters: { other: "1" } }, "e", "'other'"],
    ["too much", { query: "x".repeat(17 * 1024) }, "e", "16 KiB"],
  ])("is refused for %s", (_what, asked, own, message) => {
    expect(triggerUrl({ ...request, ...asked }, own, "/api/custom")).toEqual({
      problem: expect.stringContaining(message),
    });
  });
});

describe("an outcome", () => {
  const all = { definitions: true, tokens: true };
  const outcome = (body: Buffer, isWhole = true): TriggerOutcome => ({
    succeeded: true,
    time: new Date("2026-11-27T10:00:00Z"),
    milliseconds: 3,
    revision: 1,
    definition: "hello",
    answer: { status: 200, headers: [["X-A", "1"]], body, size: body.length, isWhole },
    reason: null,
  });

  test("shows text as text, and bytes as base64", () => {
    expect(shownOutcome(outcome(Buffer.from("grüße")), all)).toMatchObject({
      time: "2026-11-27T10:00:00.000Z",
      duration: 3,
      status: 200,
      statusName: "OK",
      headers: { "x-a": ["1"] },
      size: 7,
      body: "grüße",
      isBase64: false,
      isTruncated: false,
    });
    expect(shownOutcome(outcome(Buffer.from([0xff, 0])), all)).toMatchObject({
      body: "/wA=",
      isBase64: true,
    });
    expect(shownOutcome(outcome(Buffer.from("a\0b")), all)).toMatchObject({ isBase64: true });
  });

  test("shows the first MiB, also when that ends within a character", () => {
    const body = Buffer.from(`a${"ü".repeat(1024 * 1024)}`);

    const shown = shownOutcome(outcome(body), all);

    expect(shown).toMatchObject({ size: body.length, isBase64: false, isTruncated: true });
    expect(Buffer.byteLength(String(shown["body"]))).toBe(1024 * 1024 - 1);
    expect(shownOutcome(outcome(Buffer.from("a"), false), all)).toMatchObject({ isTruncated: true });
  });

  test("tells about definitions and tokens only whoever may read them", () => {
    const reason = {
      errorCode: 6,
      name: "TokenNotAllowed",
      detail: "…",
      publicErrorCode: 1010,
      rule: "token",
      details: ["ApiToken 'x' …"],
    };
    const refused = { ...outcome(Buffer.alloc(0)), succeeded: false, reason };

    expect(shownOutcome(refused, all)).toMatchObject({ definition: "hello", reason });
    expect(shownOutcome(refused, { definitions: true, tokens: false })).toMatchObject({
      definition: "hello",
      reason: { ...reason, details: [] },
    });
    expect(shownOutcome(refused, { definitions: false, tokens: true })).toMatchObject({ definition: null });
  });
});
