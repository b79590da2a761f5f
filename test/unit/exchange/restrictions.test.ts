import { describe, expect, test } from "vitest";

import { definitionFromClassic } from "../../../src/exchange/definition-from-classic.ts";

type Json = Readonly<Record<string, unknown>>;

const proxy = { listen_path: "/it", target_url: "http://upstream.example.com" };

function reading(fields: Json) {
  return definitionFromClassic({ proxy, ...fields }, { routeBase: "/api/custom", takenNames: new Set() });
}

function problems(fields: Json) {
  return reading(fields).problems.map(({ field, code }) => [field, code]);
}

/** A definition with one version that has these fields. */
function version(fields: Json): Json {
  const versions = { Default: { name: "Default", use_extended_paths: true, ...fields } };
  return { version_data: { not_versioned: true, versions } };
}

describe("what keeps callers out, and has no counterpart, is refused where it is:", () => {
  test.each([
    ["internal", { internal: true }],
    ["use_mutual_tls_auth", { use_mutual_tls_auth: true }],
    [
      "custom_middleware.post_key_auth",
      { custom_middleware: { post_key_auth: [{ path: "a.js", name: "a" }] } },
    ],
    ["custom_middleware.pre", { custom_middleware: { driver: "python", pre: [{ name: "check" }] } }],
    ["custom_middleware.post", { custom_middleware: { driver: "grpc", post: [{ name: "check" }] } }],
    ["version_data.versions.Default.extended_paths.internal", version(extended("internal"))],
    ["version_data.versions.Default.extended_paths.size_limits", version(extended("size_limits"))],
    ["version_data.versions.Default.extended_paths.rate_limit", version(extended("rate_limit"))],
    ["version_data.versions.Default.extended_paths.validate_json", version(extended("validate_json"))],
    ["version_data.versions.Default.extended_paths.validate_request", version(extended("validate_request"))],
    ["version_data.versions.Default.extended_paths.go_plugin", version(extended("go_plugin"))],
  ])("%s, also of an open definition", (field, fields) => {
    expect(problems(fields)).toEqual([[field, "no-effect"]]);
    expect(problems({ ...fields, use_keyless: true })).toEqual([[field, "no-effect"]]);
  });

  test.each([
    ["enable_jwt", { enable_jwt: true }],
    ["use_openid", { use_openid: true }],
    ["external_oauth.enabled", { external_oauth: { enabled: true } }],
    ["enable_coprocess_auth", { enable_coprocess_auth: true }],
    ["custom_plugin_auth_enabled", { custom_plugin_auth_enabled: true }],
    ["use_go_plugin_auth", { use_go_plugin_auth: true }],
    ["custom_middleware.auth_check", { custom_middleware: { auth_check: { name: "check", path: "a.py" } } }],
    ["auth.disable_header", { auth: { disable_header: true, use_param: true, param_name: "key" } }],
    ["auth.validate_signature", { auth: { validate_signature: true } }],
    ["auth_configs.authToken.disable_header", { auth_configs: { authToken: { disable_header: true } } }],
    [
      "auth_configs.authToken.validate_signature",
      { auth_configs: { authToken: { validate_signature: true } } },
    ],
  ])("%s, unless the definition is open to all", (field, fields) => {
    expect(problems(fields)).toEqual([[field, "no-effect"]]);
    expect(problems({ ...fields, use_keyless: true })).toEqual([]);
  });

  test("and says what to do", () => {
    const [problem] = reading({ internal: true }).problems;

    expect(problem?.message).toBe(
      "internal: is not supported: callers from outside would reach it. Set active to false",
    );
  });
});

test.each([
  ["flags that are off", { internal: false, enable_jwt: null, auth: { disable_header: false } }],
  [
    "middleware that is off",
    { custom_middleware: { driver: "lua", pre: [{ name: "check", disabled: true }] } },
  ],
  [
    "an empty auth_check",
    { custom_middleware: { auth_check: { name: "", path: "", require_session: false } } },
  ],
  ["paths that are off", version({ extended_paths: { size_limits: [{ path: "/a", disabled: true }] } })],
  ["paths that are not used", version({ ...extended("internal"), use_extended_paths: false })],
])("%s keep nobody out", (_what, fields) => {
  expect(problems(fields)).toEqual([]);
});

describe("global_size_limit", () => {
  test.each([
    [1000, { requestBody: "1000B" }],
    [1024, { requestBody: "1KiB" }],
    [0, undefined],
  ])("of %s bytes is the limit of the definition", (bytes, limits) => {
    expect(reading(version({ global_size_limit: bytes })).definition?.spec.limits).toEqual(limits);
  });

  test("is one for all versions, or refused", () => {
    const versioned = (a: number, b: number) => ({
      definition: { location: "header", key: "v" },
      version_data: {
        not_versioned: false,
        versions: { a: { name: "a", global_size_limit: a }, b: { name: "b", global_size_limit: b } },
      },
    });

    expect(reading(versioned(5, 5)).definition?.spec.limits).toEqual({ requestBody: "5B" });
    expect(problems(versioned(5, 0))).toEqual([["version_data.versions", "no-effect"]]);
    expect(problems(versioned(-5, -5))).toEqual([["version_data.versions", "invalid-value"]]);
  });
});

function extended(list: string): Json {
  return { extended_paths: { [list]: [{ path: "/a", method: "GET" }] } };
}
