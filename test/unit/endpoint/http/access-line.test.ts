import { describe, expect, test } from "vitest";

import { decisionOf } from "../../../../src/endpoint/decision.ts";
import { accessLine } from "../../../../src/endpoint/http/access-line.ts";
import { loggedPath, type ServedRequest } from "../../../../src/endpoint/served-request.ts";

describe("a line of the access log", () => {
  test("for machines has the same facts every time", () => {
    const line = accessLine(request({}), "json");

    expect(line.endsWith("\n")).toBe(true);
    expect(JSON.parse(line)).toEqual({
      time: "2026-11-22T10:00:00.000Z",
      msg: "request",
      id: "a1b2c3",
      client: "192.0.2.7",
      method: "GET",
      path: "/api/custom/encoders",
      status: 200,
      ms: 1.25,
      decision: "served",
      rule: null,
      code: null,
      reason: null,
      definition: "encoders",
      version: null,
      pathEntry: null,
      token: "internal",
    });
  });

  test("for people leaves out what there is nothing to say about", () => {
    expect(accessLine(request({}), "text")).toBe(
      "10:00:00 request GET /api/custom/encoders 200 1.25 ms  id=a1b2c3  client=192.0.2.7  decision=served" +
        "  definition=encoders  token=internal\n",
    );
  });

  test("says why a request was refused", () => {
    const decision = {
      ...decisionOf(null, null, { code: 1010, reason: "the token is expired" }),
      rule: "token",
    };

    expect(accessLine(request({ decision, status: 401 }), "text")).toContain(
      "decision=refused  rule=token  code=1010  reason=the token is expired",
    );
  });

  test("tells a caller who went away from a refusal", () => {
    const decision = decisionOf(null, null, null);

    expect(JSON.parse(accessLine(request({ decision, status: 499 }), "json"))).toMatchObject({
      decision: "gone",
      code: null,
    });
  });

  test.each([
    ["the endpoint", 17, 500, "broken-off"],
    ["the caller", null, 200, "gone"],
  ] as const)("tells that %s broke an answer off", (_who, code, status, outcome) => {
    const decision = decisionOf(null, null, code && { code });

    expect(JSON.parse(accessLine(request({ decision, status, isBrokenOff: true }), "json"))).toMatchObject({
      decision: outcome,
      status,
    });
  });

  test.each(["text", "json"] as const)("stays one line in %s whatever is in it", (format) => {
    const line = accessLine(request({ path: "/a\nGET /b 200\u001b[2J\u0085" }), format);

    expect(line.indexOf("\n")).toBe(line.length - 1);
    expect(line).not.toContain("\u001b");
  });
});

test.each([
  ["/a/b?token=secret", "/a/b"],
  ["/a#b", "/a"],
  ["http://user:secret@example.com/a?b", "/a"],
  ["?token=secret", ""],
  ["*", "*"],
  [`/${"a".repeat(5000)}`, `/${"a".repeat(2047)}…`],
])("of %.40s the path %.40s is logged", (url, path) => {
  expect(loggedPath(url)).toBe(path);
});

function request(facts: Partial<ServedRequest>): ServedRequest {
  return {
    id: "a1b2c3",
    receivedAt: Date.UTC(2026, 10, 22, 10),
    method: "GET",
    path: "/api/custom/encoders",
    client: "192.0.2.7",
    status: 200,
    isBrokenOff: false,
    milliseconds: 1.25,
    decision: { ...decisionOf(null, null, null), definition: "encoders", token: "internal" },
    ...facts,
  };
}
