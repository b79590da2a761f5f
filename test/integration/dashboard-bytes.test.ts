import { afterEach, describe, expect, test } from "vitest";

import { type EditingApi, startEditingApi } from "../support/editing-api.ts";
import { tokenManifest } from "../support/reconciling.ts";

/** Documents as people write them, with all that an edit must leave alone. */
const text = `# Ours: ask the video team before you change anything.

apiVersion: gitway/v1
kind: ApiDefinition
metadata: { name: hello,   labels: { team: "video", 'tier': gold } } # flow, with a gap
spec:
  # Where it answers.
  route:   hello      # these gaps stay
  description: >-
    Folded, and with \u00fcmlauts \u{1F600}
    over two lines.
  tokens: [internal]   # who may call it
  action:
    reply:
      headers: { x-first: &same "1", x-second: *same }
      body: 'it''s "quoted"'
--- # The next one.
apiVersion: "gitway/v1"
kind: ApiToken
metadata:
    name: internal    # four spaces
spec: {secret: {generate: true}}
...
---
# In braces.
{ apiVersion: gitway/v1, kind: ApiDefinition, metadata: {name: other},
  spec: { route: other, keyless: true,
    action: {reply: {body: "x"}} } }
---
apiVersion: gitway/v1
kind: ApiDefinition
metadata: { name: last }
spec:
  route: last
  keyless: true
  action: { reply: { body: last } }
# No line end after this one.`;

const writings = {
  "line feeds": (written: string) => written,
  "carriage returns": (written: string) => written.replaceAll("\n", "\r\n"),
  "a byte order mark": (written: string) => `\uFEFF${written}`,
  "both, and a line end": (written: string) => `\uFEFF${written.replaceAll("\n", "\r\n")}\r\n`,
} as const;

type Json = Record<string, object>;

/** What a client does, and what of the text that changes. */
const deeds: readonly (readonly [
  what: string,
  path: string,
  change: (seen: Json) => object,
  from: string,
  to: string,
])[] = [
  [
    "disables a token",
    "/tokens/internal",
    () => ({ disabled: true }),
    "generate: true}}",
    "generate: true}, disabled: true}",
  ],
  ["grants a token", "/apis/hello/tokens/partner", () => ({}), "[internal]", "[internal, partner]"],
  [
    "changes a label",
    "/apis/hello",
    (seen) => ({ ...seen, gitway: { ...seen["gitway"], labels: { team: "audio", tier: "gold" } } }),
    'team: "video"',
    'team: "audio"',
  ],
  [
    "changes a reply in braces",
    "/apis/other",
    (seen) => ({ ...seen, gitway: { ...seen["gitway"], action: { reply: { body: "y" } } } }),
    'body: "x"',
    'body: "y"',
  ],
  [
    "changes the last document",
    "/apis/last",
    (seen) => ({ ...seen, gitway: { ...seen["gitway"], description: "Now." } }),
    "  route: last\n",
    "  description: Now.\n  route: last\n",
  ],
];

let api: EditingApi;

afterEach(() => api.close());

describe.each(Object.entries(writings))("a file with %s", (_writing, write) => {
  test("changes only where a client changes something, in bytes", async () => {
    const before = write(text);
    api = await startEditingApi({ "apis/all.yaml": before, "apis/partner.yaml": tokenManifest("partner") });
    const head = await api.head();

    for (const name of ["hello", "other", "last"])
      expect(await api.send("PUT", `/apis/${name}`, await seen(`/apis/${name}`))).toMatchObject([200, {}]);
    expect([await api.head(), api.text("apis/all.yaml")]).toEqual([head, before]);

    let expected = text;
    for (const [what, path, change, from, to] of deeds) {
      expect(expected.split(from)).toHaveLength(2);
      expected = expected.replace(from, () => to);
      const answer = await api.send("PUT", path, change(await seen(path)));
      expect([what, answer]).toMatchObject([what, [200, { Status: "OK" }]]);
      expect([what, api.text("apis/all.yaml")]).toEqual([what, write(expected)]);
    }
    expect(await api.repository.git("status", "--porcelain")).toBe("");
    expect(await api.repository.git("rev-list", "--count", `${head}..main`)).toBe(String(deeds.length));
  });

  test("loses a document that is deleted, and nothing else", async () => {
    api = await startEditingApi({ "apis/all.yaml": write(text) });
    const [first, , rest] = text.split(/(?<=\.\.\.\n)(---\n# In braces[^]*?\n)(?=---\n)/);

    expect(await api.send("DELETE", "/apis/other")).toMatchObject([200, { Status: "OK" }]);

    expect(api.text("apis/all.yaml")).toBe(write(`${first}${rest}`));
    expect((await api.store.objects("ApiDefinition")).map(({ name }) => name)).toEqual(["hello", "last"]);
  });
});

test("what lies under an alias is not changed, and the answer says why", async () => {
  api = await startEditingApi({ "apis/all.yaml": text });
  const wrapper = await seen("/apis/hello");
  const reply = { headers: { "x-first": "1", "x-second": "2" }, body: `it's "quoted"` };

  const answer = await api.send("PUT", "/apis/hello", {
    ...wrapper,
    gitway: { ...wrapper["gitway"], action: { reply } },
  });

  expect(answer).toMatchObject([409, { Message: expect.stringMatching(/alias/) }]);
  expect(api.text("apis/all.yaml")).toBe(text);
});

async function seen(path: string): Promise<Json> {
  return (await (await api.request(path, api.key)).json()) as Json;
}
