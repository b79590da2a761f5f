import { describe, expect, test } from "vitest";

import { nextSteps, type NextStepsInput } from "../../../../src/cli/daemon/next-steps.ts";
import type { SpecByKind } from "../../../../src/manifest/manifest.ts";

const reply = { action: { reply: { status: 200 } } };

describe("the commands to try next", () => {
  test("issue a token and call a route with it", () => {
    const steps = nextSteps(given([["hello", { route: "hello", tokens: ["internal"], ...reply }]]));

    expect(steps).toEqual([
      "TOKEN=$(npx gitway token issue internal)",
      'curl -H "Authorization: Bearer $TOKEN" http://127.0.0.1:8080/api/custom/hello',
    ]);
  });

  test("fill placeholders with a sample, and tell the second command where the data is", () => {
    const input = given([["status", { route: "encoders/{id}/status", tokens: ["internal"], ...reply }]]);

    const steps = nextSteps({ ...input, flags: " --data-dir 'x'" });

    expect(steps[0]).toBe("TOKEN=$(npx gitway token issue internal --data-dir 'x')");
    expect(steps[1]).toContain("/api/custom/encoders/1/status");
  });

  test("prefer a reply without placeholders to all else", () => {
    const tokens = ["internal"];
    const steps = nextSteps(
      given([
        ["a-proxy", { route: "a", tokens, action: { proxy: { targetUrl: "http://up.example.com" } } }],
        ["b-placeholder", { route: "b/{id}", tokens, ...reply }],
        ["c-run", { route: "c", tokens, action: { script: { file: "c.js", input: "run" } } }],
        ["d-keyless", { route: "d", keyless: true, ...reply }],
        ["e-plain", { route: "e", tokens, ...reply }],
      ]),
    );

    expect(steps[1]).toContain("/api/custom/e");
  });

  test("need no token where everybody is let in", () => {
    expect(nextSteps(given([["open", { listenPath: "/open/", keyless: true, ...reply }]]))).toEqual([
      "curl http://127.0.0.1:8080/open/",
    ]);
  });

  test("carry the token where the definition reads it", () => {
    const spec = { route: "x", tokens: ["internal"], authentication: { header: "X-Key" }, ...reply };

    expect(nextSteps(given([["x", spec]]))[1]).toContain('-H "X-Key: $TOKEN"');
  });

  test.each<[string, Partial<SpecByKind["ApiDefinition"]>]>([
    ["is inactive", { active: false }],
    ["takes no GET", { methods: ["POST"] }],
    ["answers on another host", { domain: "x.example.com" }],
    ["admits some addresses only", { ipAllowList: { enabled: true, addresses: [] } }],
    ["lets nobody in", { tokens: [] }],
    ["takes a token that is not issued here", { tokens: ["elsewhere"] }],
    ["takes a token that is disabled", { tokens: ["disabled"] }],
  ])("leave out a definition that %s", (_, spec) => {
    expect(nextSteps(given([["x", { route: "x", tokens: ["internal"], ...reply, ...spec }]]))).toEqual([]);
  });

  test("can be pasted into a shell, whatever the route holds", () => {
    const steps = nextSteps(given([["odd", { route: "a;rm -rf $HOME/`x`'", keyless: true, ...reply }]]));

    expect(steps[0]).toMatch(/^curl '?[A-Za-z0-9:/._~%@-]+'?$/);
  });
});

function given(definitions: [string, SpecByKind["ApiDefinition"]][]): NextStepsInput {
  const tokens: [string, SpecByKind["ApiToken"]][] = [
    ["internal", { secret: { generate: true } }],
    ["elsewhere", { secret: { env: "SECRET" } }],
    ["disabled", { secret: { generate: true }, disabled: true }],
  ];
  return {
    definitions: definitions.map(([name, spec]) => ({
      ...common,
      kind: "ApiDefinition",
      id: name,
      name,
      spec,
    })),
    tokens: tokens.map(([name, spec]) => ({ ...common, kind: "ApiToken", id: name, name, spec })),
    endpointUrl: "http://127.0.0.1:8080",
    base: "/api/custom",
    flags: "",
  };
}

const common = {
  labels: {},
  annotations: {},
  files: {},
  hash: "",
  version: 1,
  commit: "c".repeat(40),
  written: { path: "apis/x.yaml", line: 1 },
  path: "apis/x.yaml",
  line: 1,
  origin: null,
};
