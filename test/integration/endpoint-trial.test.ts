import { describe, expect, test } from "vitest";

import type { ScriptTrial, TrialCall } from "../../src/endpoint/trial/trial-call.ts";
import { tryScript } from "../../src/endpoint/trial/try-script.ts";
import { silentLog } from "../../src/log.ts";
import type { ScriptAction } from "../../src/manifest/api-definition.generated.ts";

const file = "scripts/it.js";
const echo = "export default (input) => ({ status: 203, body: input });";
const plain: TrialCall = {
  method: "GET",
  route: "test",
  path: "/",
  routeParameters: {},
  query: [],
  headers: [],
  body: Buffer.alloc(0),
  clientAddress: "127.0.0.1",
  token: null,
  definition: "test",
  version: null,
};

/** What becomes of a script with this call. */
function tried(source: string, call: Partial<TrialCall> = {}, action: Partial<ScriptAction> = {}) {
  return tryScript(trial(source, call, { action: { script: { file, ...action } } }), silentLog());
}

function trial(source: string, call: Partial<TrialCall>, spec: ScriptTrial["spec"]): ScriptTrial {
  return { file, source, spec, call: { ...plain, ...call } };
}

describe("a script that is tried", () => {
  test("gets the call as the endpoint would hand it on", async () => {
    const { answer } = await tried(echo, {
      method: "PUT",
      route: "a/b",
      path: "/c",
      routeParameters: { id: "x%20y" },
      query: [
        ["a", "1"],
        ["a", "&"],
      ],
      headers: [
        ["X-A", "1"],
        ["authorization", "Bearer hidden"],
        ["content-type", "text/plain"],
      ],
      body: Buffer.from("é"),
      token: { id: "an id", name: "internal" },
      clientAddress: "::1",
    });

    expect(JSON.parse(String(answer?.body))).toEqual({
      method: "PUT",
      route: "a/b",
      path: "/c",
      routeParameters: { id: "x%20y" },
      query: { a: ["1", "&"] },
      headers: { host: "localhost", "x-a": "1", "content-type": "text/plain", "content-length": "2" },
      rawBody: "é",
      parameters: {},
      clientAddress: "::1",
      tokenId: "an id",
      tokenName: "internal",
    });
  });

  test("answers as callers would read it, without the headers of the connection", async () => {
    const { answer, outcome } = await tried("export default () => ({ bytes: [1, 2] }); console.log('here');");

    const headers = ["content-type", "application/octet-stream"];
    expect(answer).toEqual({ status: 200, headers, body: Buffer.from([1, 2]) });
    expect(outcome).toMatchObject({ lines: ["here"], usage: { memory: 8 * 1024 * 1024 } });
    expect(outcome?.usage?.milliseconds).toBeGreaterThan(0);
  });

  test("gets the parameters of a body, or nothing but them", async () => {
    const body = Buffer.from('{ "a": 1, "b": "x" }');
    const call = { method: "POST", body, headers: [["content-type", "application/json"]] as const };

    const parameters = await tried("export default ({ parameters: p }) => ({ body: p });", call, {
      input: "parameters",
    });
    const run = await tried("export const run = (p) => console.log(p);", call, { input: "run" });

    expect(String(parameters.answer?.body)).toBe('{"a":"1","b":"x"}');
    expect(run).toMatchObject({ answer: { status: 200 }, outcome: { lines: ['{"a":"1","b":"x"}'] } });
  });

  test("does not get to a call that the endpoint would keep from it", async () => {
    const body = Buffer.from("[1]");
    const json = [["content-type", "application/json"]] as const;
    const image = [["content-type", "image/png"]] as const;

    const flat = await tried(echo, { method: "POST", body, headers: json }, { input: "parameters" });
    const typed = await tried(echo, { method: "POST", body, headers: image });

    expect(flat).toMatchObject({ answer: null, refusal: { code: 10 }, outcome: { code: 10 } });
    expect(typed).toMatchObject({ answer: null, refusal: { code: 1003 }, outcome: null });
  });

  test.each([
    ["is no JavaScript", "export default () => {\n  const a = ;\n};", { code: 12 }, { line: 2, column: 13 }],
    [
      "throws",
      "const f = (x) =>\n  x.y.z;\nexport default () => f({});",
      { code: 12 },
      { line: 2, column: 6 },
    ],
    [
      "throws later",
      "export default async () => {\n  await 0;\n  x();\n};",
      { code: 12 },
      { line: 3, column: 3 },
    ],
    ["throws no error", "export default () => { throw 1; };", { code: 12 }, undefined],
    ["loops", "export default () => { for (;;); };", { code: 1001 }, undefined],
    [
      "takes too much memory",
      "export default () => 'x'.repeat(2 ** 28);",
      { code: 12 },
      { line: 1, column: 32 },
    ],
    ["exports nothing", "const a = 1;", { code: 15 }, undefined],
    ["returns nothing", "export default () => {};", { code: 13 }, undefined],
    ["gives an odd status", "export default () => ({ status: 99 });", { code: 1002 }, undefined],
    ["sets a closed header", "export default () => ({ headers: { via: 'a' } });", { code: 1012 }, undefined],
  ])("and %s is refused as by the endpoint", async (_what, source, refusal, place) => {
    const found = await tried(
      source,
      {},
      { memory: "8MiB", ...(source.includes("for (;;)") && { timeout: "50ms" }) },
    );

    expect(found).toMatchObject({ answer: null, refusal });
    expect(found.outcome?.kind === "failed" ? found.outcome.place : undefined).toEqual(place);
  });
});

describe("middleware that is tried", () => {
  const source = `export const add = (request, { tokenName, version, definition }) =>
  request.path === "/stop"
    ? { reply: { status: 418 } }
    : { setHeaders: { "x-a": [tokenName, version, definition].join() } };
export const wrong = () => ({ setHeader: {} });
export const move = () => ({ path: "elsewhere" });
export default () => {};`;
  const call = { token: { id: "x", name: "internal" }, version: "v1", definition: "it" };

  test.each([
    ["knows no token in pre", "pre", "add", {}, { edits: { setHeaders: { "x-a": ",v1,it" } } }],
    ["knows it in post", "post", "add", {}, { edits: { setHeaders: { "x-a": "internal,v1,it" } } }],
    ["answers itself", "post", "add", { path: "/stop" }, { answer: { status: 418 }, edits: null }],
    ["changes nothing", "pre", "default", {}, { edits: {}, answer: null, refusal: null }],
    ["wants what there is not", "pre", "wrong", {}, { edits: null, refusal: { code: 13 } }],
    ["moves the call to no path", "post", "move", {}, { edits: null, refusal: { code: 13 } }],
    ["is not there", "pre", "missing", {}, { edits: null, refusal: { code: 15 } }],
  ] as const)("%s", async (_what, place, entry, at, expected) => {
    const spec = { action: { reply: {} }, middleware: { [place]: [{ file, function: entry }] } };

    expect(await tryScript(trial(source, { ...call, ...at }, spec), silentLog())).toMatchObject(expected);
  });
});
