import { connect } from "node:net";
import { text as textOf } from "node:stream/consumers";

import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { type EditingApi, startEditingApi } from "../support/editing-api.ts";
import { plainRequest, type PlainRequest } from "../support/plain-request.ts";
import { replyManifest, tokenManifest } from "../support/reconciling.ts";

let api: EditingApi;
let head: string;

beforeAll(async () => {
  api = await startEditingApi({
    "apis/hello.yaml": replyManifest("hello", "hello", "ok", ["internal"]),
    "apis/internal.yaml": tokenManifest("internal"),
  });
  head = await api.head();
});

afterAll(() => api.close());

/** Whatever reads a body. */
const readers = [
  ["POST", "/apis"],
  ["PUT", "/apis/hello"],
  ["POST", "/hooks"],
  ["POST", "/tokens"],
  ["PUT", "/tokens/internal"],
  ["POST", "/trigger"],
  ["POST", "/sync/consent"],
  ["POST", "/sync/suspend"],
] as const;

const error = { Status: "Error", Message: expect.any(String), Meta: null };
const deep = 150_000;

describe("a body that can't be read", () => {
  test.each<[string, string | Buffer, string]>([
    ["is a blank", " ", "malformed"],
    ["is no JSON", "{]", "malformed"],
    ["goes on after the JSON", "{}{}", "malformed"],
    ["has numbers that JSON does not", '{"a":NaN}', "malformed"],
    ["is a text that does not end", '"\\'.repeat(300_000), "malformed"],
    ["is not UTF-8", Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]), "malformed"],
    ["has overlong UTF-8", Buffer.from([0x22, 0xc0, 0xaf, 0x22]), "malformed"],
    ["is UTF-16", Buffer.from("\ufeff{}", "utf16le"), "malformed"],
    ["is lists in lists", "[".repeat(deep) + "]".repeat(deep), "nested more than 64"],
    ["is objects in objects", '{"a":'.repeat(deep) + "1" + "}".repeat(deep), "nested more than 64"],
    ["is lists that do not end", "[".repeat(deep), "nested more than 64"],
    ["has a field twice", '{"name":"a","name":"b"}', '"name" is there twice'],
    ["has a field twice within", '{"a":[{"b":1,"\\u0062":2}]}', '"b" is there twice'],
  ])("since it %s is a 400 that says so, at every door", async (_, body, message) => {
    for (const [method, path] of readers) {
      const answer = await send(path, { method, body });

      // The API's own words for webhooks (Dashboard facts 1.9).
      const isHook = path === "/hooks";
      expect([method, path, answer.status, answer.body]).toEqual([
        method,
        path,
        isHook ? 403 : 400,
        { ...error, Message: expect.stringContaining(isHook ? "malformed" : message) },
      ]);
    }
  });

  test("since it is larger than 1 MiB is a 413, announced or not", async () => {
    const body = `{"name":"${"x".repeat(1024 * 1024)}"}`;
    for (const [method, path] of readers)
      for (const headers of [{}, { "transfer-encoding": "chunked" }]) {
        const answer = await send(path, { method, body, headers });
        expect([method, path, answer.status, answer.body]).toEqual([method, path, 413, error]);
      }
    const announced = await raw(
      `POST /api/apis HTTP/1.1\r\nHost: localhost\r\nAuthorization: ${api.key}\r\nContent-Length: 99999999999\r\n\r\nx`,
    );
    expect(announced).toMatch(/^HTTP\/1\.1 413 /);
  });

  test.each([
    { "content-type": "text/plain" },
    { "content-type": "text/plain;application/json" },
    { "content-type": "application/x-www-form-urlencoded" },
    { "content-type": "multipart/form-data; boundary=x" },
    { "content-type": "application/jsonp" },
    { "content-type": "text/json" },
    { "content-type": "application/json, text/plain" },
    { "content-type": "application/json; charset=utf-16" },
    { "content-type": "application/json; charset=iso-8859-1" },
    { "content-encoding": "gzip" },
    { "content-encoding": "identity, br" },
  ])("since it is said to be %o is a 415", async (headers) => {
    for (const [method, path] of readers) {
      const answer = await send(path, { method, body: "{}", headers });
      expect([method, path, answer.status, answer.body]).toEqual([method, path, 415, error]);
    }
  });

  test("is none in another spelling of JSON in UTF-8, with a mark of its order, or without a type", async () => {
    for (const type of [
      "Application/JSON",
      'application/json;charset="UTF-8"',
      "application/merge-patch+json; charset=utf8",
      "",
    ]) {
      const headers = { "content-type": type, "content-encoding": "identity" };
      const answer = await send("/tokens/internal", { method: "PUT", body: "\ufeff{}", headers });
      expect([type, answer.status]).toEqual([type, 200]);
    }
  });
});

describe("a value that can't be", () => {
  const at = (value: string) =>
    [
      ["POST", "/apis", `{"api_definition":{"name":"x","proxy":${value}}}`],
      ["POST", "/apis", `{"api_definition":{"name":"x"},"gitway":${value}}`],
      ["POST", "/apis", `{"api_definition":{"name":"x"},"gitway":{"name":${value},"id":${value}}}`],
      ["PUT", "/apis/hello", `{"api_definition":${value}}`],
      ["PUT", "/apis/hello", `{"api_definition":{"id":${value}}}`],
      [
        "POST",
        "/hooks",
        `{"name":"x","method":"POST","target_path":"http://127.0.0.1:1","header_map":{"a":${value}}}`,
      ],
      ["POST", "/hooks", `{"gitway":{"name":${value},"id":${value}}}`],
      ["POST", "/tokens", `{"name":${value}}`],
      ["POST", "/tokens", `{"name":"x","rateLimit":${value}}`],
      ["PUT", "/tokens/internal", `{"rateLimit":{"limit":${value},"window":"1m"}}`],
      ["POST", "/trigger", `{"route":"hello","parameters":{"a":${value}}}`],
      ["POST", "/trigger", `{"route":"hello","headers":${value}}`],
      ["POST", "/sync/consent", `{"held":[${value}]}`],
      ["POST", "/sync/suspend", `{"reason":${value}}`],
    ] as const;

  test.each([
    ["with what would be a prototype", '{"__proto__":{"name":"x"}}'],
    ["with a constructor", '{"constructor":{"prototype":{"x":1}}}'],
    ["with a prototype", '{"prototype":{}}'],
    ["that hides its text", '{"toString":1,"valueOf":1}'],
    ["beyond all numbers", "1e400"],
    ["beyond whole numbers", "9007199254740993"],
    ["below all numbers", "-1e400"],
    ["of lists in lists", "[[[]]]"],
    ["with a NUL", '"\\u0000"'],
    ["of half a character", '"\\ud800"'],
    ["with line ends", '"\\r\\nX-Injected: yes\\r\\n\\r\\nGitway-Allow-Prune: yes"'],
  ])("%s is a 400 with what is wrong, wherever it is", async (_, value) => {
    for (const [method, path, body] of at(value)) {
      const { status, body: answer } = await send(path, { method, body });
      expect([method, path, body, status, answer]).toEqual([
        method,
        path,
        body,
        400,
        expect.objectContaining(error),
      ]);
      expect(JSON.stringify(answer).length).toBeLessThan(4096);
    }
    expect(({} as { name?: string }).name).toBeUndefined();
  });
});

describe("a name in a path", () => {
  const names = [
    "..%2f..%2fetc%2fpasswd",
    "%2e%2e",
    "..%5c..",
    "%00",
    "a%00b",
    "%0d%0aX-Injected:%20yes",
    "hello;a=b",
    "hello%2ftokens",
    "__proto__",
    "constructor",
    "toString",
    "%E2%80%AE",
    "na%C3%AFve",
    "%ff%fe",
    "%zz",
    "*",
    "'%20OR%201=1--",
    "x".repeat(8000),
  ];
  const doors = [
    ["GET", "/apis/NAME", 400],
    ["PUT", "/apis/NAME", 404],
    ["DELETE", "/apis/NAME", 404],
    ["GET", "/apis/NAME/tokens", 400],
    ["PUT", "/apis/NAME/tokens/internal", 404],
    ["PUT", "/apis/hello/tokens/NAME", 404],
    ["GET", "/hooks/NAME", 400],
    ["DELETE", "/hooks/NAME", 404],
    ["GET", "/tokens/NAME", 404],
    ["PUT", "/tokens/NAME", 404],
    ["DELETE", "/tokens/NAME", 404],
    ["POST", "/tokens/NAME/issue", 404],
    ["POST", "/tokens/NAME/revoke", 404],
  ] as const;

  test.each(names)("such as %s names nothing", async (name) => {
    for (const [method, door, status] of doors) {
      const body = method === "PUT" ? { body: "{}" } : {};
      const answer = await send(door.replace("NAME", name), { method, ...body });

      // A path that ends in dots is another path.
      const expected = name === "%2e%2e" ? expect.any(Number) : status;
      expect([method, door, answer.status]).toEqual([method, door, expected]);
      if (name !== "%2e%2e") expect(answer.body).toEqual(error);
      expect(answer.headers).not.toHaveProperty("x-injected");
    }
  });
});

describe("a request that is no proper HTTP", () => {
  test.each([
    ["no HTTP", "hello\r\n\r\n", 400],
    ["no host", "GET /api/sync HTTP/1.1\r\n\r\n", 400],
    ["a host that can't be", "GET /api/sync HTTP/1.1\r\nHost: a/b\r\n\r\n", 400],
    ["a path that can't be", "GET /api\\sync HTTP/1.1\r\nHost: localhost\r\n\r\n", 400],
    ["an address of another kind", "GET ftp://localhost/api HTTP/1.1\r\nHost: localhost\r\n\r\n", 400],
    [
      "a length and chunks",
      "POST /api/apis HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
      400,
    ],
    [
      "chunks that are none",
      "POST /api/apis HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
      400,
    ],
    ["a NUL in a header", "GET /api/sync HTTP/1.1\r\nHost: localhost\r\nX: a\0b\r\n\r\n", 400],
    ["a path without an end", `GET /api/${"x".repeat(20_000)} HTTP/1.1\r\nHost: localhost\r\n\r\n`, 431],
    [
      "headers without an end",
      `GET /api/sync HTTP/1.1\r\nHost: localhost\r\nX: ${"x".repeat(20_000)}\r\n\r\n`,
      431,
    ],
  ])("but %s is refused in the envelope", async (_, request, status) => {
    const answer = await raw(request);

    const [lines = "", content = ""] = answer.split("\r\n\r\n");
    expect(lines.split("\r\n")[0]).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
    if (content !== "") expect(JSON.parse(content)).toEqual(error);
    expect(lines.toLowerCase()).toContain("content-type: application/json");
  });
});

test("after all that nothing is committed, nobody is kept from reading, and the server answers", async () => {
  expect(await api.head()).toBe(head);
  expect(await api.repository.git("status", "--porcelain")).toBe("");
  expect(await api.repository.git("for-each-ref", "--format=%(refname)")).toBe("refs/heads/main");
  const sync = (await (await api.request("/sync", api.key)).json()) as { suspension: unknown };
  expect(sync.suspension).toBeNull();
});

function send(path: string, { method, body, headers }: PlainRequest) {
  const usual = { host: "localhost", authorization: api.key };
  const typed = body === undefined ? {} : { "content-type": "application/json" };
  return plainRequest(api.url, `/api${path}`, {
    ...(method === undefined ? {} : { method }),
    ...(body === undefined ? {} : { body }),
    headers: { ...usual, ...typed, ...headers },
  });
}

/** Sends text as it stands, and gives all that comes back. */
async function raw(text: string): Promise<string> {
  const { hostname, port } = new URL(api.url);
  const socket = connect(Number(port), hostname);
  socket.on("error", () => {});
  socket.write(text, "latin1");
  // A server that waits for more is not what is looked for.
  socket.setTimeout(5000, () => socket.destroy());
  return textOf(socket).catch(() => "");
}
