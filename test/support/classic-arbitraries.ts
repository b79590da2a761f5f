import * as fc from "fast-check";

import { type Json, seed } from "./exchanging.ts";

const word = fc.stringMatching(/^[a-z][a-z0-9]{0,5}$/);
const optional = { requiredKeys: [] };
const url = fc.constantFrom("http://a.example", "https://b.example/v2?x=1");
const noObject = fc.constantFrom(null, {});
const noList = fc.constantFrom(null, []);

const action = fc.record(
  {
    action: fc.constantFrom("no_action", "reply"),
    code: fc.constantFrom(200, 418, 0),
    data: fc.constantFrom("", '{"a":1}'),
    headers: fc.oneof(noObject, fc.dictionary(fc.constantFrom("x-a", "x-b"), word, { maxKeys: 2 })),
    odd: word,
  },
  { requiredKeys: ["action"] },
);
const pattern = fc.constantFrom(
  "/a",
  "/a/{id}",
  "/b$",
  "^/c",
  "/d/*",
  "/e/*/f",
  "/g/{id:[0-9]+}",
  "noslash",
  "/x\\.y",
);
const entry = fc.record(
  {
    path: pattern,
    method_actions: fc.oneof(noObject, fc.dictionary(fc.constantFrom("GET", "POST"), action, { maxKeys: 2 })),
    method: fc.constantFrom("GET", "DELETE", ""),
    ignore_case: fc.boolean(),
    disabled: fc.boolean(),
    odd: word,
  },
  { requiredKeys: ["path"] },
);
const lists = <T>(item: fc.Arbitrary<T>) => {
  const list = fc.oneof(fc.constant(null), fc.array(item, { maxLength: 3 }));
  return fc.record({ ignored: list, white_list: list, black_list: list, odd: word }, optional);
};
const moment = fc.constantFrom("", "-1", "2027-01-31 12:00", null);

const version = fc.record(
  {
    name: word,
    expires: moment,
    paths: lists(pattern),
    use_extended_paths: fc.boolean(),
    extended_paths: lists(entry),
    ignore_endpoint_case: fc.boolean(),
    override_target: fc.constantFrom("", "http://c.example"),
    global_headers: fc.dictionary(word, word, { maxKeys: 1 }),
  },
  { requiredKeys: ["name"] },
);
const limit = fc.constantFrom(0, 1, 1000, 1024, 3 * 1024 * 1024, null);
/** Versions with one limit of sizes: Gitway has no other. */
const limited = (data: fc.Arbitrary<Json>): fc.Arbitrary<Json> =>
  fc.tuple(data, fc.option(limit, { nil: undefined })).map(([{ versions, ...rest }, bytes]) => ({
    ...rest,
    versions: Object.fromEntries(
      Object.entries(versions as Json).map(([name, version]) => [
        name,
        { ...(version as Json), ...(bytes === undefined ? {} : { global_size_limit: bytes }) },
      ]),
    ),
  }));

const unversioned = fc.record(
  {
    not_versioned: fc.constant(true),
    default_version: fc.constantFrom("", "Default", "other"),
    versions: fc.oneof(
      fc.record({ Default: version, v2: version }, { requiredKeys: ["Default"] }),
      fc.dictionary(fc.constantFrom("v1", "default", ""), version, { minKeys: 1, maxKeys: 1 }),
      fc.constant({}),
    ),
  },
  { requiredKeys: ["not_versioned", "versions"] },
);
const versioned = fc.record(
  {
    not_versioned: fc.constant(false),
    default_version: fc.constantFrom("", "v1", "other"),
    versions: fc.dictionary(fc.constantFrom("v1", "2", "Default"), version, { minKeys: 1, maxKeys: 3 }),
  },
  { requiredKeys: ["not_versioned", "versions"] },
);

const proxy = fc.record(
  {
    listen_path: fc.constantFrom("/", "/a/", "b", "//c//d", "/api/custom/e/", "/API/custom/{f}", "/g/../h"),
    target_url: url,
    strip_listen_path: fc.boolean(),
    preserve_host_header: fc.boolean(),
    disable_strip_slash: fc.boolean(),
    enable_load_balancing: fc.constant(false),
    target_list: fc.constantFrom(null, [], ["http://d.example", "10.0.0.1:80"]),
    check_host_against_uptime_tests: fc.boolean(),
  },
  { requiredKeys: ["target_url"] },
);
const balanced = proxy.map((proxy) => ({
  ...proxy,
  enable_load_balancing: true,
  target_list: ["http://d.example", "10.0.0.1:80"],
}));

const auth = fc.record(
  {
    auth_header_name: fc.constantFrom("", "authorization", "Authorization", "x-key"),
    use_param: fc.boolean(),
    param_name: fc.constantFrom("", "key"),
    use_cookie: fc.boolean(),
    cookie_name: fc.constantFrom("", "key"),
    disable_header: fc.constant(false),
  },
  optional,
);

const addresses = fc.array(fc.constantFrom("127.0.0.1", "10.0.0.0/8", "::1"), { maxLength: 2 });
const middleware = fc.oneof(
  noList,
  fc.array(
    fc.record(
      {
        name: word,
        path: fc.constantFrom("a.js", "lib/b.js"),
        require_session: fc.boolean(),
        disabled: fc.boolean(),
      },
      { requiredKeys: ["path"] },
    ),
    { maxLength: 2 },
  ),
);

const otherHandler = fc.constantFrom(
  { handler_name: "eh_log_handler", handler_meta: { prefix: "x" } },
  { handler_name: "eh_web_hook_handler", handler_meta: { disabled: true, name: "off" } },
);

const fields = {
  name: fc.constantFrom("it", "Some API #finance", "Über 1"),
  active: fc.boolean(),
  use_keyless: fc.boolean(),
  use_basic_auth: fc.boolean(),
  use_oauth2: fc.boolean(),
  enable_signature_checking: fc.boolean(),
  auth,
  definition: fc.record({
    location: fc.constantFrom("header", "url-param", "url"),
    key: fc.constantFrom("version"),
    strip_versioning_data: fc.boolean(),
    strip_path: fc.boolean(),
    fallback_to_default: fc.boolean(),
  }),
  version_data: limited(fc.oneof(unversioned, versioned)),
  proxy: fc.oneof(proxy, balanced),
  custom_middleware: fc.oneof(
    fc.record(
      {
        driver: fc.constantFrom("", "otto"),
        pre: middleware,
        post: middleware,
        response: middleware,
        auth_check: fc.constantFrom(null, { name: "", path: "", require_session: false }),
      },
      optional,
    ),
    fc.record({
      driver: fc.constant("python"),
      pre: fc.constantFrom(null, [], [{ name: "check", path: "", disabled: true }]),
      response: middleware,
    }),
  ),
  internal: fc.constant(false),
  enable_jwt: fc.constant(false),
  session_lifetime: fc.nat(9),
  oauth_meta: fc.constantFrom(null, { allowed_access_types: ["password"] }),
  event_handlers: fc.record(
    {
      events: fc.dictionary(
        fc.constantFrom("HostDown", "KeyExpired"),
        fc.array(otherHandler, { minLength: 1, maxLength: 2 }),
        { maxKeys: 2 },
      ),
    },
    optional,
  ),
  enable_ip_whitelisting: fc.boolean(),
  allowed_ips: addresses,
  enable_ip_blacklisting: fc.boolean(),
  blacklisted_ips: fc.oneof(addresses, fc.constant(null)),
  enable_batch_request_support: fc.boolean(),
  domain: fc.constantFrom("", "api.example.com", "API.example.com"),
  domain_disabled: fc.boolean(),
  expiration: moment,
  global_rate_limit: fc.record(
    { rate: fc.nat(5), per: fc.constantFrom(0, 0.5, 60, 90), disabled: fc.boolean() },
    optional,
  ),
  disable_rate_limit: fc.boolean(),
  CORS: fc.record({ enable: fc.boolean(), allowed_origins: fc.array(word, { maxLength: 2 }) }, optional),
  tags: fc.array(word, { maxLength: 2 }),
};

const [sampleReference] = seed("post-request")["hook_references"] as Json[];
const reference = fc.constantFrom(
  sampleReference as Json,
  { ...sampleReference, event_name: "AuthFailure", event_timeout: 0 },
  { ...sampleReference, event_name: "HostDown" },
);

/** Requests that a client may make, all of them right. */
export const classicWrapper: fc.Arbitrary<Json> = fc.record(
  {
    api_definition: fc.record(fields, { requiredKeys: ["name", "proxy", "version_data", "definition"] }),
    hook_references: fc.array(reference, { maxLength: 3 }),
    categories: fc.array(word, { maxLength: 2 }),
    is_site: fc.boolean(),
  },
  { requiredKeys: ["api_definition"] },
);
