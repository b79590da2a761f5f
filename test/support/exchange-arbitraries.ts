import * as fc from "fast-check";

import type { DefinitionObject } from "../../src/exchange/definition-notation.ts";
import { withDefaults } from "../../src/exchange/notation.ts";
import type { ApiDefinitionSpec } from "../../src/manifest/api-definition.generated.ts";
import { canonicalJson } from "../../src/manifest/canonical.ts";
import { deriveId } from "../../src/manifest/identity.ts";
import { hook, type Json } from "./exchanging.ts";

const word = fc.stringMatching(/^[a-z][a-z0-9]{0,5}$/);
const optional = { requiredKeys: [] };

/** One of them is missing. */
const hookNames = ["on-call", "audit", "gone"] as const;

const text = fc.oneof(word, fc.constantFrom("", "Ünïcödé #finance", "a: b", "null", "{x}"));
const url = fc.constantFrom("http://a.example", "https://b.example:8443/v2?x=1", "http://10.0.0.1/");
const duration = fc.constantFrom("60s", "1m", "1500ms", "2h", "86400s");
const moment = fc.constantFrom("2027-01-31 12:00", "2027-01-31T12:00:00.250Z", "2027-01-31T12:00:09Z");
const method = fc.constantFrom("GET", "PUT", "POST", "OPTIONS");
const headers = fc.dictionary(fc.constantFrom("x-test", "Content-Type"), word, { maxKeys: 2 });

const methodAction = fc.record(
  {
    action: fc.constantFrom("none", "reply"),
    status: fc.constantFrom(200, 418),
    headers,
    body: text,
  },
  optional,
);
const rule = fc.record(
  {
    path: fc.constantFrom("/a", "/a/{id}", "b", "/a/$", "/c/d/", "/", "/x*"),
    match: fc.constantFrom("exact", "prefix"),
    ignoreCase: fc.boolean(),
    disabled: fc.boolean(),
    methods: fc.dictionary(method, methodAction, { maxKeys: 2 }),
  },
  { requiredKeys: ["path"] },
);
const plainRule = fc.record({ path: fc.constantFrom("/a", "/b", "/b/c") });
const rules = fc.oneof(fc.array(plainRule, { maxLength: 3 }), fc.array(rule, { maxLength: 3 }));
const paths = fc.record({ ignored: rules, allowed: rules, blocked: rules }, optional);

const versions = fc
  .record(
    {
      location: fc.constantFrom("header", "query", "path"),
      key: fc.constantFrom("version", "x-v"),
      strip: fc.boolean(),
      fallbackToDefault: fc.boolean(),
      entries: fc.uniqueArray(
        fc.record(
          {
            name: fc.constantFrom("Default", "v1", "2", "1", "v1.0"),
            expires: moment,
            targetUrl: url,
            paths,
          },
          { requiredKeys: ["name"] },
        ),
        { minLength: 1, maxLength: 3, selector: ({ name }) => name },
      ),
    },
    { requiredKeys: ["location", "key", "entries"] },
  )
  .chain((versions) => {
    const names = versions.entries.map(({ name }) => name);
    return fc.option(fc.constantFrom(...names), { nil: undefined }).map((name) => ({
      ...versions,
      ...(name === undefined ? {} : { default: name }),
    }));
  });

const address = fc.oneof(
  fc.record({ route: fc.constantFrom("a", "A/{id}/b", "a b".replace(" ", "-")) }),
  fc.record({ listenPath: fc.constantFrom("/", "/a/", "/a/{id}", "/b") }),
);

const proxyDetails = {
  stripPath: fc.boolean(),
  keepTrailingSlash: fc.boolean(),
  hostHeader: fc.constantFrom("upstream", "preserve"),
  timeout: duration,
  idleTimeout: duration,
};
const action = fc.oneof(
  fc.record(
    { proxy: fc.record({ targetUrl: url, ...proxyDetails }, { requiredKeys: ["targetUrl"] }) },
    { requiredKeys: ["proxy"] },
  ),
  fc.record({
    proxy: fc.record(
      { targets: fc.array(url, { minLength: 1, maxLength: 3 }), ...proxyDetails },
      { requiredKeys: ["targets"] },
    ),
  }),
  fc.record({ reply: fc.record({ status: fc.constantFrom(200, 404), body: text, headers }, optional) }),
  fc.record({ script: fc.constantFrom({ file: "x.js" }, { file: "y.js", input: "parameters" as const }) }),
);

/** Kept fields: some that the codec makes, some that contradict the rest, some that nobody knows. */
const kept: fc.Arbitrary<Json> = fc.record(
  {
    id: fc.constantFrom("54c24242eba6db1c9a000002", "no id", 7),
    api_id: fc.constantFrom("bc2f8cfb7ab241504d9f3574fe407499", "chosen", "a/b"),
    name: fc.constantFrom("Another", 5, null),
    use_keyless: fc.boolean(),
    session_lifetime: fc.integer({ min: 0, max: 9 }),
    proxy: fc.oneof(
      fc.record(
        { listen_path: text, target_url: text, target_list: fc.array(url, { maxLength: 2 }) },
        optional,
      ),
      fc.constant("odd"),
    ),
    auth: fc.record(
      { auth_header_name: fc.constantFrom("", "Authorization", "x-key"), use_param: fc.boolean() },
      optional,
    ),
    version_data: fc.record(
      {
        not_versioned: fc.boolean(),
        default_version: text,
        versions: fc.dictionary(
          fc.constantFrom("Default", "v1", "default", ""),
          fc.record(
            {
              name: text,
              use_extended_paths: fc.boolean(),
              expires: fc.constantFrom("-1", "2006-01-02 15:04", "never"),
              paths: fc.record({ ignored: fc.array(word, { maxLength: 2 }) }, optional),
              extended_paths: fc.record(
                { white_list: fc.array(fc.record({ path: word, odd: text }, optional), { maxLength: 2 }) },
                optional,
              ),
            },
            optional,
          ),
          { maxKeys: 2 },
        ),
      },
      optional,
    ),
    event_handlers: fc.constantFrom(
      { events: { HostDown: [{ handler_name: "eh_log_handler", handler_meta: { prefix: "x" } }] } },
      { events: { AuthFailure: [{ handler_name: "eh_web_hook_handler", handler_meta: {} }] } },
      { odd: true },
    ),
    wrapper: fc.constantFrom(
      { categories: ["a"], hook_references: [{ event_name: "HostUp", hook: { name: "x" } }] },
      { hook_references: [{ event_name: "AuthFailure", hook: { name: "x" } }, 5] },
      { hook_references: 5, api_model: { a: 1 } },
    ),
    expiration: fc.constantFrom("-1", "2027-01-31 12:00", ""),
    unknown: fc.oneof(
      text,
      fc.integer(),
      fc.constant(null),
      fc.array(fc.boolean(), { maxLength: 2 }),
      headers,
    ),
  },
  optional,
);

const event = fc.record(
  {
    on: fc.constantFrom("QuotaExceeded", "AuthFailure", "InformationEvent"),
    webhook: fc.constantFrom(...hookNames),
    dedupe: fc.oneof(duration, fc.constant("0s")),
  },
  { requiredKeys: ["on", "webhook"] },
);

const addresses = fc.record(
  { enabled: fc.boolean(), addresses: fc.array(fc.constantFrom("10.0.0.7", "10.0.0.0/8"), { maxLength: 2 }) },
  { requiredKeys: ["addresses"] },
);

const middlewareScript = fc.record(
  { file: fc.constantFrom("a.js", "lib/b.js"), function: word },
  { requiredKeys: ["file"] },
);
const middlewareScripts = fc.array(middlewareScript, { maxLength: 2 });

/** Specs in their normal form, with every field that there is. */
export const definitionSpec: fc.Arbitrary<ApiDefinitionSpec> = fc
  .tuple(
    address,
    action,
    fc.record(
      {
        title: fc.constantFrom("it", "It", "Some API #finance"),
        description: fc.constantFrom("What it is for.", ""),
        active: fc.boolean(),
        domain: fc.constantFrom("api.example.com"),
        match: fc.constantFrom("exact", "prefix"),
        methods: fc.uniqueArray(method, { minLength: 1, maxLength: 2 }),
        tokens: fc.uniqueArray(word, { maxLength: 2 }),
        keyless: fc.boolean(),
        authentication: fc.record(
          {
            header: fc.constantFrom("Authorization", "authorization", "x-key"),
            queryParameter: word,
            cookie: word,
            basic: fc.boolean(),
            oauth2: fc.boolean(),
            signature: fc.boolean(),
          },
          optional,
        ),
        ipAllowList: addresses,
        ipBlockList: addresses,
        paths,
        expires: moment,
        versions,
        rateLimit: fc.record(
          { limit: fc.integer({ min: 1, max: 9 }), window: duration, notice: fc.boolean() },
          { requiredKeys: ["limit", "window"] },
        ),
        limits: fc.record({ requestBody: fc.constant("2KiB") }, optional),
        middleware: fc.record({ pre: middlewareScripts, post: middlewareScripts }, optional),
        events: fc.array(event, { maxLength: 3 }),
        batch: fc.record({ enabled: fc.boolean(), maxRequests: fc.constantFrom(5, 100) }, optional),
        dashboard: kept,
      },
      optional,
    ),
  )
  .map(([address, action, rest]) => withDefaults("ApiDefinition", { ...address, action, ...rest }))
  .map((spec) => spec as ApiDefinitionSpec);
/** The webhooks that there are. */
export const hooks = [
  hook("on-call", { title: "On call", url: "https://hooks.example.com/a", dedupe: "30s" }),
  hook("audit", { url: "https://hooks.example.com/b", dashboard: { id: "0123456789abcdef01234567" } }),
];

/** Definitions of any manifest. */
export const definitionObject: fc.Arbitrary<DefinitionObject> = fc
  .record({
    spec: definitionSpec,
    id: fc.constantFrom(deriveId("ApiDefinition", "it"), "c4cc7192-6ff5-4ca5-aae0-57c8615e25c8"),
    labels: fc.constantFrom({}, { team: "video" }),
  })
  .map(({ spec, id, labels }) => ({
    kind: "ApiDefinition",
    name: "it",
    id,
    labels,
    annotations: {},
    spec,
    files: {},
    hash: "",
  }));

/** An object in a form in which the order of fields, and those that are undefined, make no difference. */
export function stable(object: DefinitionObject): unknown {
  return JSON.parse(canonicalJson(object));
}
