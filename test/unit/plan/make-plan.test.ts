import { describe, expect, test } from "vitest";

import { objectKey, type Manifest } from "../../../src/manifest/manifest.ts";
import type { Plan } from "../../../src/plan/plan.ts";
import { applied, broken, definition, live, nothing, planFor, problem, set, token, user } from "./state.ts";

test("everything new is created, tokens before the definitions that refer to them", () => {
  const plan = planFor(nothing, set({ manifests: [definition("a", "a", { tokens: ["t"] }), token("t")] }));

  expect(changesOf(plan)).toEqual(["create t", "create a"]);
});

test("a plan for what was just applied is empty", () => {
  const manifests = [definition("a", "a", { tokens: ["t"] }), token("t")];

  const plan = planFor(live(...manifests), set({ manifests }));

  expect(plan).toMatchObject({ changes: [], unchanged: 2, quarantined: [], held: [] });
});

test("an update says which fields differ", () => {
  const plan = planFor(live(definition("a", "a")), set({ manifests: [definition("a", "b")] }));

  expect(plan.changes[0]).toMatchObject({
    action: "update",
    route: "b",
    fields: [{ path: "/spec/route", before: "a", after: "b" }],
  });
});

test("deletions come last, definitions before the tokens they refer to", () => {
  const current = live(definition("a", "a", { tokens: ["t"] }), token("t"), definition("b", "b"));

  const plan = planFor(current, set({ manifests: [definition("b", "b"), definition("c", "c")] }));

  expect(changesOf(plan)).toEqual(["create c", "delete a", "delete t"]);
});

test("a broken manifest keeps its last good version while everything else goes live", () => {
  const current = live(definition("a", "a"), definition("b", "b"));

  const plan = planFor(
    current,
    set({ broken: [broken("ApiDefinition", "a")], manifests: [definition("b", "b", { body: "new" })] }),
  );

  expect(changesOf(plan)).toEqual(["update b"]);
  expect(plan.quarantined).toMatchObject([{ name: "a", serving: true, problems: [{ code: "syntax" }] }]);
});

test("a broken newcomer does not go live", () => {
  const plan = planFor(nothing, set({ broken: [broken("ApiDefinition", "a")] }));

  expect(plan).toMatchObject({ changes: [], quarantined: [{ name: "a", serving: false }] });
});

test("a broken newcomer goes live with the last good version of the history, and is still reported", () => {
  const desired = set({ broken: [broken("ApiDefinition", "a")] });
  const lastGood = [definition("a", "old")];

  const plan = planFor(nothing, desired, { lastGood });

  expect(plan).toMatchObject({
    changes: [{ action: "create", route: "old" }],
    quarantined: [{ name: "a", serving: true, problems: [{ code: "syntax" }] }],
  });
  expect(planFor(applied(nothing, plan), desired).changes).toEqual([]);
});

test("the store's version goes before one of the history", () => {
  const plan = planFor(live(definition("a", "a")), set({ broken: [broken("ApiDefinition", "a")] }), {
    lastGood: [definition("a", "old")],
  });

  expect(plan.changes).toEqual([]);
});

test("a broken manifest whose id can't be read still stands for the object with its name", () => {
  const current = live(
    definition("a", "a", { id: "11111111-1111-4111-8111-111111111111" }),
    definition("b", "b"),
  );

  const plan = planFor(
    current,
    set({ broken: [broken("ApiDefinition", "a")], manifests: [definition("b", "b")] }),
  );

  expect(plan).toMatchObject({ changes: [], held: [], quarantined: [{ name: "a", serving: true }] });
});

test("two definitions swap their routes in one commit", () => {
  const current = live(definition("a", "x"), definition("b", "y"));

  const plan = planFor(current, set({ manifests: [definition("a", "y"), definition("b", "x")] }));

  expect(changesOf(plan)).toEqual(["update a", "update b"]);
});

test("who holds a route keeps it, and the newcomer is told who that is", () => {
  const current = live(definition("holder", "x"));

  const plan = planFor(
    current,
    set({ manifests: [definition("newcomer", "x"), definition("holder", "x", { body: "new" })] }),
  );

  expect(changesOf(plan)).toEqual(["update holder"]);
  expect(plan.quarantined).toMatchObject([{ name: "newcomer", problems: [{ code: "route-in-use" }] }]);
  expect(plan.problems[0]?.message).toBe(
    "The route 'x' takes the same requests as ApiDefinition 'holder' (apis/holder.yaml:1): change one of the two.",
  );
});

test.each([
  ["a", "b", "c"],
  ["c", "b", "a"],
])("newcomers who want one route are all held, in any order", (...names) => {
  const plan = planFor(nothing, set({ manifests: names.map((name) => definition(name, "x")) }));

  expect(plan.changes).toEqual([]);
  expect(plan.quarantined.map(({ name }) => name).toSorted()).toEqual(["a", "b", "c"]);
});

test("whoever takes the route of a held change is held too", () => {
  const current = live(definition("a", "1"), definition("b", "2"), definition("c", "3"));

  const plan = planFor(
    current,
    set({ broken: [broken("ApiDefinition", "a")], manifests: [definition("b", "1"), definition("c", "2")] }),
  );

  expect(plan.changes).toEqual([]);
  expect(plan.quarantined.map(({ name }) => name).toSorted()).toEqual(["a", "b", "c"]);
});

test.each([
  [
    "a broken change",
    set({ broken: [broken("ApiDefinition", "a")], manifests: [definition("b", "1")] }),
    "The route '1' takes the same requests as the live version of ApiDefinition 'a' (apis/a.yaml:1 of commit bbbbbbb), whose own change is quarantined: mend that, or change one of the two.",
  ],
  [
    "a change that wants something else itself",
    set({ manifests: [definition("a", "3", { tokens: ["gone"] }), definition("b", "1")] }),
    "The route '1' takes the same requests as the live version of ApiDefinition 'a' (apis/a.yaml:1 of commit bbbbbbb), whose own change is quarantined: mend that, or change one of the two.",
  ],
  [
    "a deletion",
    set({ unidentified: [problem("apis/odd.yaml")], manifests: [definition("b", "1")] }),
    "The route '1' takes the same requests as the live version of ApiDefinition 'a' (apis/a.yaml:1 of commit bbbbbbb), whose deletion is held: settle that, or change one of the two.",
  ],
  [
    "nothing but the route itself",
    set({ manifests: [definition("a", "1", { tokens: ["gone"] }), definition("b", "1")] }),
    "The route '1' takes the same requests as ApiDefinition 'a' (apis/a.yaml:1): change one of the two.",
  ],
])("who waits for %s is told so", (_what, desired, message) => {
  const plan = planFor(live(definition("a", "1"), definition("b", "2")), desired);

  const told = plan.quarantined.find(({ name }) => name === "b");
  expect(told?.problems.map((each) => each.message)).toEqual([message]);
});

test("a long chain of held changes settles", () => {
  const count = 5000;
  const at = (shift: number) =>
    Array.from({ length: count }, (_, index) => definition(`d${index}`, `r${index + shift}`));
  const blocker = definition("blocker", `r${count}`);

  const plan = planFor(live(...at(0), blocker), set({ manifests: [...at(1), blocker] }));

  expect(plan.changes).toEqual([]);
  expect(plan.quarantined.length).toBe(count);
});

test("a definition that refers to a token which is held does not go live", () => {
  const plan = planFor(
    nothing,
    set({ broken: [broken("ApiToken", "t")], manifests: [definition("a", "a", { tokens: ["t"] })] }),
  );

  expect(plan.changes).toEqual([]);
  expect(plan.quarantined.map(({ name }) => name).toSorted()).toEqual(["a", "t"]);
});

test("a token with a last good version can be referred to while its change is held", () => {
  const plan = planFor(
    live(token("t")),
    set({ broken: [broken("ApiToken", "t")], manifests: [definition("a", "a", { tokens: ["t"] })] }),
  );

  expect(changesOf(plan)).toEqual(["create a"]);
});

test("a token that can't be renamed can be referred to by its old name, whatever stands first", () => {
  const id = "11111111-1111-4111-8111-111111111111";
  const current = live(token("t", { id }), token("u"));
  const manifests = [
    token("u"),
    token("u", { id, file: "apis/t.yaml" }),
    definition("d", "d", { tokens: ["t"] }),
  ];

  const plans = [manifests, manifests.toReversed()].map((order) =>
    planFor(current, set({ manifests: order })),
  );

  expect(plans.map(changesOf)).toEqual([["create d"], ["create d"]]);
  expect(plans.map(({ quarantined }) => quarantined.map((entry) => entry.id))).toEqual([[id], [id]]);
});

test("a token that is still referred to is deleted, and the definition is reported", () => {
  const current = live(token("t"), definition("a", "a", { tokens: ["t"] }));

  const plan = planFor(current, set({ manifests: [definition("a", "a", { tokens: ["t"] })] }));

  expect(changesOf(plan)).toEqual(["delete t"]);
  expect(plan.quarantined).toMatchObject([
    { name: "a", serving: true, problems: [{ code: "dangling-reference" }] },
  ]);
  expect(
    planFor(applied(current, plan), set({ manifests: [definition("a", "a", { tokens: ["t"] })] })).changes,
  ).toEqual([]);
});

test("of two documents for one object, the one that stands where it stood goes on", () => {
  const current = live(definition("a", "a"));
  const original = definition("a", "a", { body: "new" });
  const copy = definition("a", "b", { file: "apis/copy.yaml" });

  const plan = planFor(current, set({ manifests: [copy, original] }));

  expect(changesOf(plan)).toEqual(["update a"]);
  expect(plan.problems).toMatchObject([{ code: "duplicate-name", file: "apis/copy.yaml" }]);
});

test("a newcomer with the id of another is told of the id, since the names differ", () => {
  const id = "c4cc7192-6ff5-4ca5-aae0-57c8615e25c8";
  const current = live(definition("a", "a", { id }));
  const manifests = [definition("a", "a", { id }), definition("b", "b", { id })];

  const plan = planFor(current, set({ manifests }));

  expect(changesOf(plan)).toEqual([]);
  expect(plan.problems).toMatchObject([
    { code: "duplicate-id", file: "apis/b.yaml", message: expect.stringContaining(`The id '${id}'`) },
  ]);
});

test("an address of two users is warned of, at the one whom events will not name", () => {
  const users = [user("joe", { emails: ["ann@example.com"] }), user("ann", { emails: ["ANN@example.com"] })];

  const plan = planFor(nothing, set({ manifests: users }));

  expect(changesOf(plan)).toEqual(["create ann", "create joe"]);
  expect(plan).toMatchObject({
    quarantined: [],
    problems: [{ code: "shared-address", severity: "warning", file: "apis/joe.yaml" }],
  });
});

test("of two documents for a new object, neither goes live", () => {
  const plan = planFor(
    nothing,
    set({ manifests: [definition("a", "a"), definition("a", "b", { file: "apis/copy.yaml" })] }),
  );

  expect(plan.changes).toEqual([]);
  expect(plan.problems.map(({ file }) => file)).toEqual(["apis/a.yaml", "apis/copy.yaml"]);
});

test("nothing is deleted while a document has no readable identity, whoever allows it", () => {
  const current = live(definition("a", "a"), token("t"));

  const plan = planFor(current, set({ unidentified: [problem("apis/odd.yaml")], manifests: [token("t")] }), {
    allowPrune: true,
  });

  expect(plan.changes).toEqual([]);
  expect(plan.held).toMatchObject([{ name: "a", route: "a", code: "absence-unproven" }]);
  expect(plan.held[0]?.reason).toContain("apis/odd.yaml:1");
});

test("what a held deletion holds stays taken", () => {
  const plan = planFor(
    live(definition("a", "x")),
    set({ unidentified: [problem("apis/odd.yaml")], manifests: [definition("b", "x")] }),
  );

  expect(plan.changes).toEqual([]);
  expect(plan.quarantined).toMatchObject([{ name: "b", problems: [{ code: "route-in-use" }] }]);
});

test("an id that requests name a definition by stays with who holds it, and two newcomers are both held", () => {
  const holder = definition("holder", "holder", { apiId: "same" });
  const desired = set({ manifests: [holder, definition("late", "late", { apiId: "same" })] });
  const newcomers = set({ manifests: ["a", "b"].map((name) => definition(name, name, { apiId: "same" })) });

  expect(planFor(live(holder), desired)).toMatchObject({
    changes: [],
    quarantined: [{ name: "late", problems: [{ code: "duplicate-id", path: "/spec/dashboard/api_id" }] }],
  });
  expect(planFor(nothing, newcomers).quarantined.map(({ name }) => name)).toEqual(["a", "b"]);
});

test("an id that two definitions have from of old is neither's, until one gives it up", () => {
  const [a, b] = ["a", "b"].map((name) => definition(name, name, { apiId: "same" }));
  const current = { ...live(a!), objects: [a!, b!].flatMap((object) => live(object).objects) };

  const unchanged = planFor(current, set({ manifests: [a!, definition("b", "other", { apiId: "same" })] }));
  const settled = planFor(current, set({ manifests: [a!, definition("b", "b", { apiId: "own" })] }));

  expect([changesOf(unchanged), unchanged.quarantined.length]).toEqual([[], 2]);
  expect([changesOf(settled), settled.quarantined]).toEqual([["update b"], []]);
});

test("two definitions may swap their ids", () => {
  const before = [definition("a", "a", { apiId: "one" }), definition("b", "b", { apiId: "two" })];
  const after = [definition("a", "a", { apiId: "two" }), definition("b", "b", { apiId: "one" })];

  expect(changesOf(planFor(live(...before), set({ manifests: after })))).toEqual(["update a", "update b"]);
});

const many = Array.from({ length: 16 }, (_, index) => definition(`d${index}`, `r${index}`));

test.each([
  [3, 3, 0],
  [4, 4, 0],
  [5, 0, 5],
])("of sixteen definitions, %i missing ones give %i deletions and %i held", (missing, deleted, held) => {
  const plan = planFor(live(...many), set({ manifests: many.slice(missing) }));

  expect([plan.changes.length, plan.held.length]).toEqual([deleted, held]);
});

test("held deletions stop nothing else, and consent lets them through", () => {
  const desired = set({ manifests: [...many.slice(8), definition("new", "new")] });

  expect(changesOf(planFor(live(...many), desired))).toEqual(["create new"]);
  expect(planFor(live(...many), desired, { allowPrune: true }).changes.length).toBe(9);
  expect(planFor(live(...many), desired, { trailer: true }).changes.length).toBe(9);
});

test("a consent by name lets just that object go, and it does not count for the others", () => {
  const keys = (...names: string[]) => new Set(names.map((name) => objectKey(definition(name, name))));

  const six = planFor(live(...many), set({ manifests: many.slice(6) }), { consents: keys("d0") });
  const five = planFor(live(...many), set({ manifests: many.slice(5) }), { consents: keys("d0", "d1") });
  const unproven = planFor(
    live(...many),
    set({ manifests: many.slice(1), unidentified: [problem("apis/odd.yaml")] }),
    { consents: keys("d0") },
  );

  expect([changesOf(six), six.held.length]).toEqual([["delete d0"], 5]);
  expect([five.changes.length, five.held.length]).toEqual([5, 0]);
  expect([unproven.changes, unproven.held]).toMatchObject([[], [{ code: "absence-unproven" }]]);
});

test("an emptied tree deletes nothing without consent, however little there was", () => {
  const current = live(definition("a", "a"));

  expect(planFor(current, set({}))).toMatchObject({
    changes: [],
    held: [{ name: "a", code: "prune-limit" }],
  });
  expect(changesOf(planFor(current, set({}), { allowPrune: true }))).toEqual(["delete a"]);
});

describe("another source, branch or path", () => {
  const [a, b, c] = ["a", "b", "c"].map((name) => definition(name, name)) as [Manifest, Manifest, Manifest];
  const elsewhere = { origin: "elsewhere" };

  test("deletes nothing without consent", () => {
    const current = live(a, b);
    const desired = set({ manifests: [b] });

    expect(planFor(current, desired, elsewhere)).toMatchObject({
      changes: [],
      held: [{ name: "a", code: "source-changed" }],
    });
    expect(planFor(current, desired, { ...elsewhere, trailer: true }).held).toHaveLength(1);
    expect(changesOf(planFor(current, desired, { ...elsewhere, allowPrune: true }))).toEqual(["delete a"]);
  });

  test("deletes nothing the second time either, whatever else it changed", () => {
    const desired = set({ manifests: [definition("b", "b", { body: "new" })] });
    const first = planFor(live(a, b), desired, elsewhere);
    const current = applied(live(a, b), first);

    expect(changesOf(first)).toEqual(["update b"]);
    expect(planFor(current, desired, elsewhere)).toMatchObject({
      changes: [],
      held: [{ name: "a", code: "source-changed" }],
    });
  });

  test("deletes what it has had itself, while it leaves alone what it has not", () => {
    const there = applied(live(a, b), planFor(live(a, b), set({ manifests: [b, c] }), elsewhere));

    const plan = planFor(there, set({ manifests: [c] }), elsewhere);

    expect(changesOf(plan)).toEqual(["delete b"]);
    expect(plan.held).toMatchObject([{ name: "a", code: "source-changed" }]);
  });

  test("is what the old one is too, for what came from the other meanwhile", () => {
    const there = applied(live(a, b), planFor(live(a, b), set({ manifests: [b, c] }), elsewhere));

    const plan = planFor(there, set({ manifests: [a, b] }));

    expect(plan).toMatchObject({ changes: [], held: [{ name: "c", code: "source-changed" }] });
  });

  test("is no other once all objects were seen there", () => {
    const there = applied(live(a, b), planFor(live(a, b), set({ manifests: [a, b] }), elsewhere));

    expect(changesOf(planFor(there, set({ manifests: [b] }), elsewhere))).toEqual(["delete a"]);
  });
});

test("an object that moves changes nothing, and a copy where it was before does not take its name", () => {
  const current = live(definition("a", "a"));
  const moved = definition("a", "a", { file: "apis/new.yaml" });

  const plan = planFor(current, set({ manifests: [moved] }));
  const copied = planFor(
    applied(current, plan),
    set({ manifests: [definition("a", "a", { body: "copy" }), moved] }),
  );

  expect(plan).toMatchObject({ changes: [], sightings: [{ path: "apis/new.yaml", origin: "here" }] });
  expect(copied.changes).toEqual([]);
  expect(copied.problems).toMatchObject([{ code: "duplicate-name", file: "apis/a.yaml" }]);
});

describe("a name that may be misspelt", () => {
  const file = "apis/all.yaml";
  const current = live(definition("status", "s", { file }), token("partner", { file }));
  const partner = token("partner", { file });

  test("holds the deletion and the newcomer, and says what to do, until it is asked for", () => {
    const desired = set({ manifests: [definition("statsu", "s", { file, body: "new" }), partner] });

    const plan = planFor(current, desired);

    expect(plan).toMatchObject({
      changes: [],
      held: [{ name: "status", code: "possible-rename" }],
      quarantined: [{ name: "statsu", serving: false, problems: [{ code: "possible-rename", file }] }],
    });
    const id = plan.held[0]?.id;
    expect(plan.held[0]?.reason).toBe(
      `It may be what is 'statsu' in ${file}:1 now. If that is a slip, correct it; to rename the object, add 'id: ${id}' to metadata; to delete it, commit with the trailer \`Gitway-Allow-Prune: yes\` or run \`gitway apply --allow-prune\`.`,
    );
    expect(planFor(applied(current, plan), desired)).toMatchObject({ changes: [], sightings: [] });
    for (const consent of [{ trailer: true }, { allowPrune: true }])
      expect(changesOf(planFor(current, desired, consent))).toEqual(["create statsu", "delete status"]);
  });

  test("of a token is one whose manifest says the same", () => {
    const held = (extra: object) =>
      planFor(
        current,
        set({ manifests: [definition("status", "s", { file }), token("partnr", { file, ...extra })] }),
      ).held.length;

    expect([held({}), held({ description: "Another one" })]).toEqual([1, 0]);
  });

  test.each<[string, Parameters<typeof definition>]>([
    ["that is not near", ["encoders", "s", { file }]],
    ["on another route", ["statsu", "t", { file }]],
    ["in another file", ["statsu", "s", { file: "apis/other.yaml" }]],
    ["with an id of its own", ["statsu", "s", { file, id: "11111111-1111-4111-8111-111111111111" }]],
  ])("is none %s", (_what, [name, route, extra]) => {
    const plan = planFor(current, set({ manifests: [definition(name, route, extra), partner] }));

    expect(changesOf(plan)).toEqual([`create ${name}`, "delete status"]);
  });

  test("is none while the other is there too", () => {
    const both = [definition("status", "s", { file }), definition("statsu", "u", { file }), partner];

    expect(changesOf(planFor(current, set({ manifests: both })))).toEqual(["create statsu"]);
  });

  test("is told of many at once too, in a moment", () => {
    const tokens = (prefix: string) =>
      Array.from({ length: 3000 }, (_, index) => token(`${prefix}${index}`, { file }));

    const plan = planFor(live(...tokens("partner-")), set({ manifests: tokens("partnr-") }));

    expect(plan.changes).toEqual([]);
  });
});

describe("an id that changes while the name stays", () => {
  const [one, two] = ["11111111-1111-4111-8111-111111111111", "22222222-2222-4222-8222-222222222222"];
  const derived = definition("a", "a").id;
  const other = definition("b", "b");

  test.each([
    ["another", one, two, "/metadata/id"],
    ["the derived one", one, derived, "/metadata/name"],
    ["one of its own", derived, one, "/metadata/id"],
  ])("to %s is held, and it is said what to do", (_what, before, after, path) => {
    const current = live(definition("a", "a", { id: before }), other);
    const file = "apis/moved.yaml";
    const desired = set({ manifests: [definition("a", "elsewhere", { id: after, file }), other] });

    const plan = planFor(current, desired);

    const cure = `To keep the object, write 'id: ${before}' in metadata; to have another in its place, commit with the trailer \`Gitway-Allow-Prune: yes\` or run \`gitway apply --allow-prune\`.`;
    expect(plan.changes).toEqual([]);
    expect(plan.held).toMatchObject([
      {
        name: "a",
        id: before,
        code: "changed-id",
        reason: `In ${file}:1 it has the id ${after} now. ${cure}`,
      },
    ]);
    const message = `ApiDefinition 'a' has the id ${after} here, and had ${before} until now. ${cure}`;
    const code = "changed-id";
    expect(plan.quarantined).toMatchObject([
      { name: "a", id: after, serving: false, problems: [{ code, path, message, other: { id: before } }] },
    ]);
    expect(planFor(applied(current, plan), desired).changes).toEqual([]);
    for (const consent of [
      { trailer: true },
      { allowPrune: true },
      { consents: new Set([`ApiDefinition/${before}`]) },
    ])
      expect(changesOf(planFor(current, desired, consent))).toEqual(["create a", "delete a"]);
  });

  test.each(["changed", "unexpected"] as const)(
    "is no slip when somebody changed it in the store, which finds it %s",
    (what) => {
      const current = live(definition("a", "a", { id: one }), other);
      const [object] = current.objects;
      const left = { id: derived, version: object!.version, expectedHash: object!.hash };
      const found = { id: one, version: null, expectedHash: null };
      const drift = {
        kind: "ApiDefinition" as const,
        name: "a",
        what,
        ...(what === "changed" ? left : found),
      };

      const plan = planFor(
        { ...current, drifted: [drift] },
        set({ manifests: [definition("a", "a"), other] }),
      );

      expect(changesOf(plan)).toEqual(["create a", "delete a"]);
    },
  );

  test("is no change when it is the derived one, spelt out", () => {
    const plan = planFor(
      live(definition("a", "a")),
      set({ manifests: [definition("a", "a", { id: derived })] }),
    );

    expect(plan).toMatchObject({ changes: [], held: [], quarantined: [] });
  });

  test.each([
    ["the object goes on under another name", [definition("z", "z", { id: one }), definition("a", "a")]],
    ["another kind has the name", [definition("z", "z", { id: one }), token("a")]],
  ])("is none when %s", (_what, manifests) => {
    const plan = planFor(live(definition("a", "a", { id: one })), set({ manifests }));

    expect(changesOf(plan).toSorted()).toEqual(["create a", "update z"]);
  });

  test("is no reason for those who refer to it to lose it", () => {
    const referrer = definition("b", "b", { tokens: ["internal"] });
    const current = live(token("internal", { id: one }), referrer);

    const plan = planFor(current, set({ manifests: [token("internal", { id: two }), referrer] }));

    expect(plan).toMatchObject({ changes: [], held: [{ id: one }], quarantined: [{ id: two }] });
  });
});

test.each([
  ["is broken", set({ broken: [broken("ApiDefinition", "other", undefined, "apis/a.yaml")] })],
  [
    "refers to what is not there",
    set({ manifests: [definition("other", "a", { file: "apis/a.yaml", tokens: ["gone"] })] }),
  ],
])("nothing is deleted whose place a newcomer is to take that %s", (_what, desired) => {
  const current = live(definition("a", "a"), definition("b", "b"));
  const withB = { ...desired, manifests: [...desired.manifests, definition("b", "b")] };

  const plan = planFor(current, withB);

  expect(plan).toMatchObject({
    changes: [],
    held: [{ name: "a", code: "possible-rename" }],
    quarantined: [{ name: "other", serving: false }],
  });
  expect(plan.held[0]?.reason).toMatch(/^In its file, apis\/a\.yaml, ApiDefinition 'other' can't go live/);
  expect(changesOf(planFor(current, withB, { trailer: true }))).toEqual(["delete a"]);
});

test("a long chain of deletions that hold each other up settles", () => {
  const count = 1000;
  const files = Array.from({ length: count }, (_, index) => `apis/${index}.yaml`);
  const old = files.map((file, index) => definition(`old-${index}`, `r${index}`, { file }));
  // Each newcomer wants the route of the next that is deleted; the last is broken.
  const newcomers = files.map((file, index) => definition(`other${index}`, `r${index + 1}`, { file }));
  const last = broken("ApiDefinition", "last", undefined, files.at(-1));
  const others = Array.from({ length: 4 * count }, (_, index) => definition(`x${index}`, `x${index}`));

  const plan = planFor(
    live(...old, ...others),
    set({ manifests: [...newcomers.slice(0, -1), ...others], broken: [last] }),
  );

  expect(plan.changes.filter(({ action }) => action === "delete")).toEqual([]);
  expect(plan.held).toHaveLength(count);
});

test("a rename with an explicit id keeps the object", () => {
  const id = "11111111-1111-4111-8111-111111111111";

  const plan = planFor(
    live(definition("old", "a", { id })),
    set({ manifests: [definition("new", "a", { id })] }),
  );

  expect(plan.changes).toMatchObject([
    { action: "update", id, fields: [{ path: "/metadata/name", before: "old", after: "new" }] },
  ]);
});

function changesOf(plan: Plan): string[] {
  return plan.changes.map(({ action, name }) => `${action} ${name}`);
}
