import { expect, test } from "vitest";

import { readScriptCall } from "../../../../src/cli/script/script-call.ts";
import { deriveId } from "../../../../src/manifest/identity.ts";

test("an empty input is a GET that needs no token", () => {
  expect(readScriptCall("{}", "it")).toEqual({
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
  });
});

test("a body makes a POST, as JSON unless it is text or a header says otherwise", () => {
  const json = readScriptCall('{ "body": { "a": [1] } }', "it");
  const text = readScriptCall('{ "body": "<a/>", "headers": { "Content-Type": "text/xml" } }', "it");
  const flat = readScriptCall('{ "parameters": { "a": 1 }, "method": "PUT" }', "it");

  expect(json).toMatchObject({ method: "POST", headers: [["content-type", "application/json"]] });
  expect(String(json.body)).toBe('{"a":[1]}');
  expect(text.headers).toEqual([["Content-Type", "text/xml"]]);
  expect(String(text.body)).toBe("<a/>");
  expect([flat.method, String(flat.body)]).toEqual(["PUT", '{"a":1}']);
});

test("a query keeps its order, and lists in it", () => {
  expect(readScriptCall('{ "query": { "b": ["1", "2"], "a": "3" } }', "it").query).toEqual([
    ["b", "1"],
    ["b", "2"],
    ["a", "3"],
  ]);
});

test("the id of a token follows from its name, unless it is given", () => {
  const id = deriveId("ApiToken", "internal");

  expect(readScriptCall('{ "tokenName": "internal" }', "it").token).toEqual({ id, name: "internal" });
  expect(readScriptCall('{ "tokenId": "x" }', "it").token).toEqual({ id: "x", name: "test" });
  expect(readScriptCall('{ "tokenId": null, "tokenName": null }', "it").token).toBeNull();
});

test.each([
  ["[]", "it must hold an object in JSON."],
  ["{", /^it is no JSON: /],
  ['{ "boddy": 1 }', `it has an unknown field "boddy": did you mean 'body'?`],
  ['{ "zzzzzzz": 1 }', /^it has an unknown field "zzzzzzz": there are method, route, /],
  ['{ "body": 1, "parameters": {} }', /has both 'body' and 'parameters'/],
  ['{ "method": "CONNECT" }', "it: 'method' must be a method such as GET or POST."],
  ['{ "route": "/a" }', /'route' must be a route/],
  ['{ "path": "a" }', /'path' must be a path/],
  ['{ "query": { "a": 1 } }', /'query' must be texts, or lists of texts, by name/],
  ['{ "headers": { "a b": "1" } }', /'headers' must be headers by name/],
  ['{ "headers": { "Host": "a" } }', /'headers' must be headers by name/],
  ['{ "parameters": { "a": [] } }', /'parameters' must be texts, numbers or booleans by name/],
  ['{ "clientAddress": "here" }', /'clientAddress' must be an IPv4 or IPv6 address/],
  [`{ "body": ${"[".repeat(100_000)}${"]".repeat(100_000)} }`, /'body' is nested too deeply/],
])("%.40s is refused", (text, message) => {
  expect(() => readScriptCall(text, "it")).toThrow(message);
});
