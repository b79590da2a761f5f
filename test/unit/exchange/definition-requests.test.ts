import { describe, expect, test } from "vitest";

import type { DefinitionObject } from "../../../src/exchange/definition-notation.ts";
import { accepted, hook, type Json, messages, printed, read, seed } from "../../support/exchanging.ts";
import { timed } from "../../support/processor-time.ts";

/** A request with the least that there must be. */
function request(definition: Json = {}, wrapper: Json = {}): Json {
  const proxy = { target_url: "http://a.example", ...(definition["proxy"] as Json) };
  const version_data = { not_versioned: true, versions: { Default: { name: "Default" } } };
  return { api_definition: { name: "Some API", version_data, ...definition, proxy }, ...wrapper };
}

function created(definition: Json = {}, wrapper: Json = {}): DefinitionObject {
  return accepted(read(request(definition, wrapper))).object;
}

function updated(previous: DefinitionObject, definition: Json, wrapper: Json = {}): DefinitionObject {
  return accepted(read(request(definition, wrapper), { previous })).object;
}

describe("creating a definition", () => {
  test("names it after its title, apart from the names that are taken", () => {
    const named = (title: string, ...taken: string[]) =>
      accepted(read(request({ name: title }), { takenNames: new Set(taken) })).object.name;
    expect(named("Some API")).toBe("some-api");
    expect(named("Ünïcode: #1 ")).toBe("unicode-1");
    expect(named("Some API", "some-api", "some-api-2")).toBe("some-api-3");
    expect(named("東京")).toBe("api");
    expect(named("a".repeat(200), "a".repeat(63))).toBe(`${"a".repeat(61)}-2`);
    expect(created().spec.title).toBe("Some API");
    expect(created({ name: "some-api" }).spec.title).toBeUndefined();
  });

  test("generates the ids, and the listen path from them, which is stripped", () => {
    const object = created({ id: "54c24242eba6db1c9a000002", api_id: "mine" });
    const definition = printed(object)["api_definition"] as Json;
    expect(definition["id"]).toMatch(/^[0-9a-f]{24}$/);
    expect(definition["api_id"]).toMatch(/^[0-9a-f]{32}$/);
    expect(definition["proxy"]).toEqual({
      listen_path: `/${String(definition["api_id"])}/`,
      target_url: "http://a.example",
      strip_listen_path: true,
    });
  });

  test("keeps the ids when it is imported", () => {
    const ids = { id: "54c24242eba6db1c9a000002", api_id: "mine" };
    const { object } = accepted(read(request(ids), { keepIds: true }));
    expect(object.spec.listenPath).toBe("/mine/");
    expect(printed(object)["api_definition"]).toMatchObject(ids);
  });

  test("leaves it inactive unless it says otherwise, and does not strip a chosen path", () => {
    const { spec } = created({ proxy: { listen_path: "/pay/" } });
    expect(spec).toMatchObject({
      active: false,
      listenPath: "/pay/",
      action: { proxy: { stripPath: false } },
    });
  });

  test("makes a listen path below the base of the routes a route", () => {
    const { spec } = created({ proxy: { listen_path: "/api/custom/encoders/{id}/" } });
    expect(spec).toMatchObject({ route: "encoders/{id}", match: "prefix" });
    expect(spec.listenPath).toBeUndefined();
  });

  test("takes route, tokens and a script from the member gitway", () => {
    const gitway = {
      name: "status",
      route: "status",
      tokens: ["internal"],
      action: { script: { file: "s.js" } },
    };
    const object = created({ proxy: { target_url: "" } }, { gitway });
    expect(object).toMatchObject({
      name: "status",
      spec: { route: "status", tokens: ["internal"], match: "exact" },
    });
    expect(object.spec.action).toMatchObject({ script: { file: "s.js" } });
    expect(printed(object)["gitway"]).toMatchObject({ ...gitway, action: { script: { file: "s.js" } } });
  });

  test("tells all that is wrong at once, in the words of the Dashboard API", () => {
    const broken = {
      name: 5,
      proxy: { listen_path: "/a b/", target_url: "ftp://x", strip_listen_path: "yes" },
      enable_ip_whitelisting: true,
      allowed_ips: ["bob", 1],
      version_data: {
        not_versioned: true,
        versions: {
          Default: {
            use_extended_paths: true,
            extended_paths: {
              white_list: [
                { path: "/x(a|b)" },
                { path: "/y", method_actions: { GET: { action: "drop", code: 900 } } },
              ],
            },
          },
        },
      },
    };
    expect(messages(read({ api_definition: broken, gitway: { tokens: ["No"], colour: "red" } }))).toEqual([
      "name: Invalid type. Expected: string, given: integer",
      "proxy.strip_listen_path: Invalid type. Expected: boolean, given: string",
      "allowed_ips.1: Invalid type. Expected: string, given: integer",
      'allowed_ips: invalid IP/CIDR "bob"',
      "version_data.versions.Default: name is required",
      "version_data.versions.Default.extended_paths.white_list.0.path: must be made of segments and {name}: regular expressions are not taken",
      "version_data.versions.Default.extended_paths.white_list.1.method_actions.GET.action: must be no_action or reply",
      expect.stringMatching(/^gitway.colour: Unknown field 'colour' in 'gitway'/),
      expect.stringMatching(/^proxy.target_url: must be an absolute http or https URL/),
      expect.stringMatching(/^gitway.tokens.0: must be made of lower-case letters/),
      expect.stringMatching(/white_list.1.method_actions.GET.code: must be at most 599/),
      "proxy.listen_path: holds a space in the segment 'a b': remove it.",
    ]);
  });

  test.each([
    [{}, ["(root): api_definition is required"]],
    [[], ["(root): Invalid type. Expected: object, given: array"]],
    [{ api_definition: "x" }, ["api_definition: Invalid type. Expected: object, given: string"]],
    [
      { api_definition: {} },
      ["(root): name is required", "(root): proxy is required", "(root): version_data is required"],
    ],
    [
      { api_definition: { name: "x", proxy: {}, version_data: {} } },
      [
        "proxy: target_url is required",
        "version_data: not_versioned is required",
        "version_data: versions is required",
      ],
    ],
    [request({ proxy: { target_url: "" } }), ["proxy: target_url is required"]],
    [
      request({
        definition: { location: "cookie", key: "" },
        version_data: { not_versioned: false, versions: { v1: { name: "v1", expires: "soon" } } },
      }),
      [
        "definition.location: must be one of header, url-param, url",
        "version_data.versions.v1.expires: must be a moment in UTC that exists, as YYYY-MM-DD HH:MM",
        "definition: key is required",
      ],
    ],
    [
      request({
        version_data: { not_versioned: true, versions: { v1: { name: "v1" }, v2: { name: "v2" } } },
      }),
      ["version_data: No default API version for this non-versioned API found"],
    ],
    [
      request({ proxy: { enable_load_balancing: true, target_list: [] } }),
      [
        "proxy.target_list: all load balancing targets have weight 0, at least one target must have weight > 0",
      ],
    ],
    [
      request(
        {},
        { hook_references: [{ event_name: "QuotaExceeded", hook: { name: "x", method: "TRACE" } }] },
      ),
      [
        "hook_references.0.hook: target_path is required",
        "hook_references.0.hook.method: must be one of GET, POST, PUT, PATCH, DELETE",
      ],
    ],
    [
      request({ notifications: { shared_secret: "hush", oauth_on_keychange_url: "" } }),
      [
        "notifications.shared_secret: must be empty, because it has no effect here and a secret must not get into the repository",
      ],
    ],
    [request({}, { gitway: { route: "a" } }), []],
    [
      request({ proxy: { listen_path: "/b/" } }, { gitway: { route: "a" } }),
      ["gitway.route: contradicts proxy.listen_path: give one of the two"],
    ],
    [
      request({}, { gitway: { name: "../etc" } }),
      [expect.stringMatching(/^gitway.name: must be made of lower-case letters/)],
    ],
    [
      request({ odd: { constructor: 1 } }),
      ["api_definition.odd.constructor: the name is reserved: remove the field"],
    ],
    [
      JSON.parse('{"api_definition":{"__proto__":{"name":"x"}}}'),
      ["api_definition.__proto__: the name is reserved: remove the field"],
    ],
    [
      request({ name: "a\0b" }),
      ["api_definition.name: holds the character U+0000, which can't be stored: remove it"],
    ],
  ])("says what is wrong with %j", (wrapper, expected) => {
    expect(messages(read(wrapper))).toEqual(expected);
  });

  test("stops at once where a request is nested too deeply or too large", () => {
    const deep = JSON.parse(`${'{"a":'.repeat(5000)}1${"}".repeat(5000)}`) as Json;
    expect(messages(read(request({ deep })))).toEqual([
      expect.stringMatching(/nested more than 48 levels deep/),
    ]);
    expect(messages(read(request({ large: Array.from({ length: 30_000 }, () => 0) })))).toEqual([
      expect.stringMatching(/more than 20000 values/),
    ]);
  });
});

describe("a hostile request", () => {
  const many = (count: number, make: (index: number) => unknown) =>
    Array.from({ length: count }, (_, index) => make(index));
  const hook = { method: "POST", target_path: "http://a.example" };
  const versions = (lists: Json) => ({
    not_versioned: true,
    versions: { Default: { name: "Default", ...lists } },
  });

  test.each([
    [
      "references",
      request(
        {},
        {
          hook_references: many(2500, (index) => ({
            event_name: "AuthFailure",
            hook: { ...hook, name: `h${index}` },
          })),
        },
      ),
      /^hook_references: must have at most 100/,
    ],
    [
      "broken references",
      request({}, { hook_references: many(9000, () => ({ event_name: "AuthFailure" })) }),
      /^hook_references: must have at most 100/,
    ],
    [
      "handlers",
      request({ event_handlers: { events: { AuthFailure: many(9000, () => ({ handler_name: "x" })) } } }),
      /^event_handlers.events: must have at most 100/,
    ],
    [
      "paths",
      request({ version_data: versions({ paths: { ignored: many(15_000, (index) => `/p${index}`) } }) }),
      /ignored: must have at most 1000/,
    ],
    [
      "patterns that are hard to match",
      request({
        version_data: versions({
          paths: { ignored: [`/${"{a:".repeat(100_000)}`, `/${"*/".repeat(200_000)}`, "\\".repeat(200_000)] },
        }),
      }),
      /ignored.0: must be made of segments/,
    ],
    ["wrong types", request({ allowed_ips: many(15_000, () => 5) }), /^allowed_ips.0: Invalid type/],
    ["a name without letters", request({ name: "-".repeat(900_000) }), /^name: must be at most 256/],
    [
      "versions",
      request({
        version_data: {
          not_versioned: false,
          versions: Object.fromEntries(
            many(5000, (index) => [`v${index}`, { name: "x" }]) as [string, Json][],
          ),
        },
      }),
      /^version_data.versions: must have at most 100/,
    ],
  ])("with too many or too odd %s is refused within a second", (_, hostile, message) => {
    read(request());
    const { result: told, took } = timed(() => messages(read(hostile)));
    expect(took).toBeLessThan(1000);
    expect(told).toContainEqual(expect.stringMatching(message));
    expect(told.length).toBeLessThanOrEqual(200);
  });
});

describe("updating a definition", () => {
  const script = {
    route: "status",
    tokens: ["internal"],
    description: "Status.",
    action: { script: { file: "s.js" } },
  };

  test("keeps ids, listen path, strip and active when they are absent", () => {
    const before = created({ active: true, proxy: { listen_path: "/pay/", strip_listen_path: true } });
    const after = updated(before, { session_lifetime: 5 });
    expect(after.spec).toEqual({ ...before.spec, dashboard: { session_lifetime: 5 } });
  });

  test("changes the api_id for good, and the listen path not with it", () => {
    const before = created();
    const changed = updated(before, { api_id: "mine" });
    expect(changed.spec).toEqual({ ...before.spec, dashboard: { api_id: "mine" } });
    expect(updated(changed, {}).spec.dashboard).toEqual({ api_id: "mine" });
  });

  test("keeps what only gitway says when the client leaves it out", () => {
    const before = created({ proxy: { target_url: "" } }, { gitway: script });
    const after = updated(before, { name: "Another", proxy: { target_url: "" } });
    expect(after.spec).toEqual({ ...before.spec, title: "Another" });
  });

  test("withdraws tokens, and removes what is null", () => {
    const before = created({ proxy: { target_url: "" } }, { gitway: script });
    const after = updated(
      before,
      { proxy: { target_url: "" } },
      { gitway: { tokens: [], description: null } },
    );
    expect(after.spec.tokens).toEqual([]);
    expect(after.spec.description).toBeUndefined();
    expect(after.spec).toMatchObject({ route: "status", action: { script: { file: "s.js" } } });
  });

  test("means the side that was changed, and refuses two that were changed apart", () => {
    const before = created({ active: true, proxy: { listen_path: "/api/custom/old" } });
    const { gitway, api_definition } = printed(before) as { gitway: Json; api_definition: Json };
    const write = (route: string, path: string) =>
      read(
        {
          api_definition: {
            ...api_definition,
            proxy: { ...(api_definition["proxy"] as Json), listen_path: path },
          },
          gitway: { ...gitway, route },
        },
        { previous: before },
      );
    expect(accepted(write("new", "/api/custom/old")).object.spec.route).toBe("new");
    expect(accepted(write("old", "/api/custom/new")).object.spec.route).toBe("new");
    expect(accepted(write("new", "/api/custom/new")).object.spec.route).toBe("new");
    expect(messages(write("this", "/api/custom/that"))).toEqual([
      "gitway.route: contradicts the fields beside gitway: change one of the two",
    ]);
  });

  test("keeps the timeout of a proxy that gets another target", () => {
    const before = created({}, { gitway: { action: { proxy: { timeout: "5s" } } } });
    const again = printed(before);
    const proxy = { ...((again["api_definition"] as Json)["proxy"] as Json), target_url: "http://b.example" };
    const after = accepted(
      read(
        { ...again, api_definition: { ...(again["api_definition"] as Json), proxy } },
        { previous: before },
      ),
    ).object;
    expect(after.spec.action.proxy).toMatchObject({ targetUrl: "http://b.example", timeout: "5s" });
  });

  test("turns a script into a proxy by its target", () => {
    const before = created({ proxy: { target_url: "" } }, { gitway: script });
    const after = updated(before, {}, { gitway: printed(before)["gitway"] });
    expect(Object.keys(after.spec.action)).toEqual(["proxy"]);
  });

  test("changes neither name nor id", () => {
    const gitway = { name: "other", id: "c4cc7192-6ff5-4ca5-aae0-57c8615e25c8" };
    expect(messages(read(request({}, { gitway }), { previous: created() }))).toEqual([
      "gitway.name: can't be changed from 'some-api'",
    ]);
    expect(messages(read(request({}, { gitway: { id: gitway.id } }), { previous: created() }))).toEqual([
      "gitway.id: can't be changed",
    ]);
  });

  test("takes the rules of the definition from versions whose rules were changed", () => {
    const versions = { v1: { name: "v1" }, v2: { name: "v2", paths: { ignored: ["/b"] } } };
    const definition = { location: "url-param", key: "v" };
    const before = created(
      { definition, version_data: { not_versioned: false, versions } },
      { gitway: { paths: { blocked: [{ path: "/a" }] } } },
    );
    const again = printed(before) as {
      api_definition: { version_data: { versions: { v1: { paths: Json } } } };
    };
    const { v1 } = again.api_definition.version_data.versions;
    expect(v1.paths).toMatchObject({ black_list: ["/a"] });
    v1.paths = {};
    const { spec } = accepted(read(again, { previous: before })).object;
    expect(spec.paths).toBeUndefined();
    expect(spec.versions?.entries).toMatchObject([{ name: "v1" }, { name: "v2", paths: {} }]);
    expect(spec.versions?.entries[0]?.paths).toBeUndefined();
  });
});

describe("webhooks of a definition", () => {
  const known = hook("on-call", { title: "On call", url: "https://hooks.example.com/a", dedupe: "30s" });
  const reference = (hook: Json, event_timeout?: number) => ({
    event_name: "AuthFailure",
    hook,
    ...(event_timeout === undefined ? {} : { event_timeout }),
  });
  const [sample] = seed("post-request")["hook_references"] as [{ hook: Json }];
  const id = () =>
    (
      printed(
        accepted(
          read(request({}, { gitway: { events: [{ on: "AuthFailure", webhook: "on-call" }] } }), {
            hooks: [known],
          }),
        ).object,
        [known],
      )["hook_references"] as [{ hook: Json }]
    )[0].hook;

  test("refer to the one that exists, by its id, and show it as it is", () => {
    const stale = { ...id(), target_path: "http://old.example" };
    const { object, webhooks } = accepted(
      read(request({}, { hook_references: [reference(stale, 60)] }), { hooks: [known] }),
    );
    expect(webhooks).toEqual([]);
    expect(object.spec.events).toEqual([{ on: "AuthFailure", webhook: "on-call", dedupe: "1m" }]);
    expect(printed(object, [known])["hook_references"]).toMatchObject([
      { event_timeout: 60, hook: { target_path: "https://hooks.example.com/a", event_timeout: 30 } },
    ]);
  });

  test.each([
    [undefined, undefined],
    [30, undefined],
    [0, "0s"],
    [90, "90s"],
  ])("have the window of the reference: %j seconds are %j", (seconds, dedupe) => {
    const { object } = accepted(
      read(request({}, { hook_references: [reference(id(), seconds)] }), { hooks: [known] }),
    );
    expect(object.spec.events?.[0]?.dedupe).toBe(dedupe);
  });

  test("are created once, however often they are referred to, under a free name", () => {
    const taken = hook("test-post", { url: "https://hooks.example.com/b" });
    const references = [sample, { ...sample, event_name: "KeyExpired" }];
    const { object, webhooks } = accepted(
      read(request({}, { hook_references: references }), { hooks: [taken] }),
    );
    expect(webhooks.map(({ name }) => name)).toEqual(["test-post-2"]);
    expect(object.spec.events?.map(({ webhook }) => webhook)).toEqual(["test-post-2", "test-post-2"]);
  });

  test("are those that a client embedded itself, too", () => {
    const handler = {
      handler_name: "eh_web_hook_handler",
      handler_meta: {
        _id: "54be6c0beba6db07a6000002",
        method: "PUT",
        name: "Mine",
        target_path: "http://c.example",
        event_timeout: 5,
      },
    };
    const { object, webhooks } = accepted(
      read(request({ event_handlers: { events: { KeyExpired: [handler] } } })),
    );
    expect(webhooks).toMatchObject([{ name: "mine", spec: { url: "http://c.example", method: "PUT" } }]);
    expect(printed(object, webhooks)["api_definition"]).toMatchObject({
      event_handlers: { events: { KeyExpired: [handler] } },
    });
  });

  test("go when their references go, although the handlers are still embedded", () => {
    const { object, webhooks } = accepted(read(seed("post-request")));
    const again = printed(object, webhooks);
    const write = (wrapper: Json) =>
      accepted(read(wrapper, { previous: object, hooks: webhooks })).object.spec.events;
    expect(write({ ...again, hook_references: [] })).toEqual([]);
    const { hook_references: _, ...without } = again;
    expect(write(without)).toEqual(object.spec.events);
  });

  test("stay as they were given for events and handlers that Gitway does not have", () => {
    const wrapper = request(
      {
        event_handlers: {
          events: { KeyExpired: [{ handler_name: "eh_log_handler", handler_meta: { prefix: "x" } }] },
        },
      },
      { hook_references: [{ ...sample, event_name: "HostDown" }] },
    );
    const { object, webhooks } = accepted(read(wrapper));
    expect([object.spec.events, webhooks]).toEqual([[], []]);
    expect(printed(object)).toMatchObject({
      ...wrapper,
      gitway: { withoutEffect: ["event_handlers.events.KeyExpired", "hook_references"] },
    });
  });
});

describe("fields that are kept as given", () => {
  test("are told apart from other spellings of what has an effect", () => {
    const object = created(
      {
        session_lifetime: 60,
        CORS: { enable: true, allowed_origins: ["*"], debug: false },
        auth: { auth_header_name: "AUTHORIZATION", param_name: "unused" },
        proxy: {
          listen_path: "/some-api/",
          target_url: "https://127.0.0.1",
          check_host_against_uptime_tests: true,
          transport: { ssl_insecure_skip_verify: true, proxy_url: "" },
        },
        version_data: {
          not_versioned: true,
          default_version: "v1",
          versions: { v1: { name: "First", expires: "2006-01-02 15:04", use_extended_paths: true } },
        },
      },
      { categories: ["finance"] },
    );
    expect(printed(object)["gitway"]).toEqual({
      name: "some-api",
      tokens: [],
      withoutEffect: expect.arrayContaining([]),
    });
    expect(((printed(object)["gitway"] as Json)["withoutEffect"] as string[]).toSorted()).toEqual([
      "CORS.allowed_origins",
      "CORS.enable",
      "auth.param_name",
      "proxy.check_host_against_uptime_tests",
      "proxy.transport.ssl_insecure_skip_verify",
      "session_lifetime",
      "version_data.default_version",
      "version_data.versions.v1.expires",
    ]);
  });

  test("are not shown where the manifest has come to say something else", () => {
    const { spec, ...object } = created({
      auth: { auth_header_name: "AUTHORIZATION" },
      expiration: "-1",
      session_lifetime: 5,
    });
    const changed = {
      ...object,
      spec: { ...spec, authentication: { header: "x-key" }, expires: "2027-01-31T12:00:00Z" },
    };
    expect(printed(changed)).toMatchObject({
      api_definition: {
        auth: { auth_header_name: "x-key" },
        expiration: "2027-01-31 12:00",
        session_lifetime: 5,
      },
      gitway: { dashboard: spec.dashboard },
    });
  });
});
