import * as fc from "fast-check";

const word = fc.stringMatching(/^[a-zA-Z][a-zA-Z0-9]{0,6}$/);
const slug = fc.stringMatching(/^[a-z][a-z0-9]{0,6}$/);
const segment = fc.oneof(
  word,
  word.map((name) => `{${name}}`),
);
/** A route below the base. */
export const arbitraryRoute = fc
  .uniqueArray(segment, { minLength: 1, maxLength: 5, selector: (text) => text.toLowerCase() })
  .map((segments) => segments.join("/"));

/** The spec of a definition that is right, in no normal form. */
export const arbitrarySpec = fc.record(
  {
    route: arbitraryRoute,
    description: fc.string({ maxLength: 40 }).filter((text) => !/\p{Surrogate}/u.test(text)),
    active: fc.boolean(),
    tokens: fc.uniqueArray(slug, { maxLength: 5 }),
    methods: fc.uniqueArray(fc.constantFrom("GET", "PUT", "POST", "DELETE"), { minLength: 1 }),
    expires: fc.constantFrom("2027-01-31 12:00", "2027-01-31T12:00:00.25Z", "2027-01-31T12:00:00Z"),
    authentication: fc.record(
      { header: fc.constantFrom("Authorization", "x-key"), basic: fc.boolean() },
      { requiredKeys: [] },
    ),
    paths: fc.record(
      { allowed: fc.array(fc.record({ path: word }), { maxLength: 3 }) },
      { requiredKeys: [] },
    ),
    middleware: fc.record(
      { pre: fc.array(fc.record({ file: fc.constantFrom("a.js", "./b/../c.js") }), { maxLength: 2 }) },
      { requiredKeys: [] },
    ),
    rateLimit: fc.record({ limit: fc.integer({ min: 1, max: 100 }), window: fc.constantFrom("1s", "5m") }),
    dashboard: fc.dictionary(slug, fc.oneof(fc.integer(), fc.boolean(), slug)),
    action: fc.constantFrom(
      { reply: {} },
      { reply: { headers: {} } },
      { proxy: { targetUrl: "http://a.example" } },
      { script: { file: "x.js" } },
    ),
  },
  { requiredKeys: ["route", "action"] },
);
