import { describe, expect, test } from "vitest";

import {
  addObject,
  deleteObject,
  documentText,
  newFile,
  setObject,
} from "../../../../src/manifest/edit/edit-manifest.ts";
import type { WantedObject } from "../../../../src/manifest/written-form.ts";
import { deleted, difference, draftOf, edited, options, path, setSpec, textOf } from "../editing.ts";
import { objectOf } from "../reading.ts";

const video = `# yaml-language-server: $schema=../schemas/manifest.schema.json
# The routes of the video team.
apiVersion: gitway/v1
kind: ApiDefinition
metadata: { name: encoders, labels: { team: video } } # ours
spec:
  # Where it answers.
  route: encoders/{id} # by id
  # Who may call it.
  tokens: [partner, internal]   # and nobody else
  description: "An encoder" # for people
  action:
    reply:
      status: 201
      # Of the answer.
      headers:
        a: b # first
        # The second.
        c: 'd'
      body: |  # as it is
        line one
        line two
  paths:
    allowed:
    - path: /a # A
      methods: { GET: { action: reply, body: 'x' } }
    # Of the second.
    - path: /b
    - path: /c
      ignoreCase: true
  # The end.
---
# Partners.
kind: ApiToken
apiVersion: gitway/v1
metadata: { name: partner }
spec: { secret: { generate: true } }
---
kind: ApiToken
apiVersion: gitway/v1
metadata:
    name: internal
spec:
    secret:
        generate: true
`;

const reply = {
  status: 201,
  headers: { a: "b", c: "d" },
  body: "line one\nline two\n",
};
const allowed = [
  {
    path: "/a",
    ignoreCase: false,
    disabled: false,
    methods: { GET: { action: "reply", status: 200, body: "x" } },
  },
  { path: "/b", ignoreCase: false, disabled: false },
  { path: "/c", ignoreCase: true, disabled: false },
];

function changes(fields: Record<string, unknown>, name = "encoders", text = video): string[] {
  return difference(text, edited(text, name, fields));
}

describe("setting an object", () => {
  test.each([video, `\uFEFF${video}`, video.replaceAll("\n", "\r\n"), video.trimEnd()])(
    "that is already as wanted gives the identical text (%#)",
    (text) => {
      for (const name of ["encoders", "partner", "internal"]) expect(edited(text, name, {})).toBe(text);
    },
  );

  test("changes a scalar in its own style, and keeps the comment behind it", () => {
    expect(changes({ route: "coders/{id}" })).toEqual([
      "-  route: encoders/{id} # by id",
      "+  route: coders/{id} # by id",
    ]);
    expect(changes({ description: 'The "first": encoder' })).toEqual([
      '-  description: "An encoder" # for people',
      '+  description: "The \\"first\\": encoder" # for people',
    ]);
    expect(changes({ action: { reply: { ...reply, headers: { a: "b", c: "it's" } } } })).toEqual([
      "-        c: 'd'",
      "+        c: 'it''s'",
    ]);
    expect(changes({ action: { reply: { ...reply, status: 202 } } })).toEqual([
      "-      status: 201",
      "+      status: 202",
    ]);
  });

  test("quotes a plain text that would not read back as text", () => {
    const plain = video.replace('"An encoder"', "An encoder");
    for (const [text, line] of [
      ["yes: no", '"yes: no"'],
      ["true", '"true"'],
      ["12", '"12"'],
      ["# none", '"# none"'],
      ['{"a":1}', `'{"a":1}'`],
      ["on", "on"],
      ["a\u202eb", '"a\\u202eb"'],
    ] as const)
      expect(changes({ description: text }, "encoders", plain)).toContain(
        `+  description: ${line} # for people`,
      );
  });

  test("writes lines as a block, and keeps the note on its first line", () => {
    expect(changes({ description: "One.\n\nTwo." })).toEqual([
      '-  description: "An encoder" # for people',
      "+  description: |- # for people",
      "+    One.",
      "+    Two.",
      "+",
    ]);
    expect(changes({ action: { reply: { ...reply, body: "line one\nline three\nline two" } } })).toEqual([
      "-      body: |  # as it is",
      "+      body: |-  # as it is",
      "+        line three",
    ]);
    expect(changes({ action: { reply: { ...reply, body: "  indented\n" } } })).toContain(
      '+      body: "  indented\\n"  # as it is',
    );
  });

  test("keeps the order of a set, and of what stays in a list", () => {
    expect(changes({ tokens: ["another", "partner"] })).toEqual([
      "-  tokens: [partner, internal]   # and nobody else",
      "+  tokens: [partner, another]   # and nobody else",
    ]);
    expect(changes({ tokens: ["internal", "team"] })).toContain(
      "+  tokens: [team, internal]   # and nobody else",
    );
    expect(changes({ paths: { allowed: [allowed[2], { path: "/d" }, allowed[0]] } })).toEqual([
      "-    - path: /a # A",
      "-      methods: { GET: { action: reply, body: 'x' } }",
      "-    # Of the second.",
      "-    - path: /b",
      "+    - path: /d",
      "+    - path: /a",
      "+      methods:",
      "+        GET:",
      "+          action: reply",
      "+          body: x",
    ]);
  });

  test("edits inside an item of a list, and takes one away with its comment", () => {
    const changed = [
      {
        ...allowed[0],
        methods: { GET: { action: "reply", status: 200, body: "y" }, PUT: {} },
        disabled: true,
      },
      allowed[2],
    ];

    expect(changes({ paths: { allowed: changed } })).toEqual([
      "-      methods: { GET: { action: reply, body: 'x' } }",
      "-    # Of the second.",
      "-    - path: /b",
      "+      disabled: true",
      "+      methods: { GET: { action: reply, body: 'y' }, PUT: {} }",
    ]);
  });

  test("puts fields into the order of the schema, in the style of their mapping, without what holds anyway", () => {
    const rateLimit = { limit: 3, window: "1m", notice: false };

    expect(changes({ rateLimit, active: true, title: "Encoders" })).toEqual([
      "+  title: Encoders",
      "+  rateLimit:",
      "+    limit: 3",
      "+    window: 1m",
    ]);
    expect(changes({ rateLimit }, "partner")).toEqual([
      "-spec: { secret: { generate: true } }",
      "+spec: { secret: { generate: true }, rateLimit: { limit: 3, window: 1m } }",
    ]);
    expect(changes({ description: "Theirs." }, "partner")).toContain(
      "+spec: { description: Theirs., secret: { generate: true } }",
    );
    expect(changes({ rateLimit }, "internal")).toEqual([
      "+    rateLimit:",
      "+        limit: 3",
      "+        window: 1m",
    ]);
    expect(edited(video, "encoders", { title: "Encoders" })).toContain(
      "\nspec:\n  title: Encoders\n  # Where it answers.\n  route:",
    );
    expect(edited(video, "encoders", { rateLimit, methods: ["GET"] })).toContain(
      "      ignoreCase: true\n  rateLimit:\n    limit: 3\n    window: 1m\n  # The end.\n---\n",
    );
    expect(edited(video, "encoders", { methods: ["GET"] })).toContain(
      "  methods: [GET]\n  # Who may call it.\n  tokens:",
    );
  });

  test("takes a field away with its lines and its comment", () => {
    expect(changes({ paths: undefined, description: undefined })).toEqual([
      '-  description: "An encoder" # for people',
      "-  paths:",
      "-    allowed:",
      "-    - path: /a # A",
      "-      methods: { GET: { action: reply, body: 'x' } }",
      "-    # Of the second.",
      "-    - path: /b",
      "-    - path: /c",
      "-      ignoreCase: true",
    ]);
    expect(
      changes({ tokens: [], keyless: true, action: { reply: { ...reply, headers: { a: "b" } } } }),
    ).toEqual([
      "-  # Who may call it.",
      "-  tokens: [partner, internal]   # and nobody else",
      "-        # The second.",
      "-        c: 'd'",
      "+  keyless: true",
    ]);
  });

  test("takes a field away that comes to say what holds without it, and leaves one that always did", () => {
    const text = video.replace("  # Who", "  keyless: true\n  active: true\n  # Who");

    expect(changes({ keyless: false }, "encoders", text)).toEqual(["-  keyless: true"]);
    expect(changes({ active: false }, "encoders", text)).toEqual(["-  active: true", "+  active: false"]);
    expect(edited(text, "encoders", { keyless: false })).toContain("  active: true\n");
    expect(changes({ action: { reply: { ...reply, status: 200 } } }, "encoders", text)).toEqual([
      "-      status: 201",
    ]);
  });

  test("replaces one action by another", () => {
    const proxy = { targetUrl: "http://a.example/x", stripPath: true, timeout: "5s" };

    const after = edited(video, "encoders", { action: { proxy }, match: "prefix" });

    expect(after).toContain(
      "  action:\n    proxy:\n      targetUrl: http://a.example/x\n      timeout: 5s\n  paths:",
    );
    expect(changes({ action: { proxy }, match: "exact" })).toContain("+  match: exact");
    expect(changes({ secret: { env: "PARTNER" } }, "partner")).toEqual([
      "-spec: { secret: { generate: true } }",
      "+spec: { secret: { env: PARTNER } }",
    ]);
  });

  test("sets labels, annotations and the name, which keeps the id", () => {
    const draft = draftOf(video, "encoders");
    const wanted = { ...draft, name: "coders", labels: {}, annotations: { note: "1" } };

    const after = textOf(setObject({ path, text: video }, draft, wanted, options));

    expect(difference(video, after)).toEqual([
      "-metadata: { name: encoders, labels: { team: video } } # ours",
      `+metadata: { name: coders, id: ${draft.id}, annotations: { note: "1" } } # ours`,
    ]);
  });

  test("names files from the folder of the manifest", () => {
    const script = (file: string) => ({ action: { script: { file } } });

    expect(changes(script("apis/scripts/x.js"))).toContain("+      file: scripts/x.js");
    expect(changes(script("shared/x.js"))).toContain("+      file: ../shared/x.js");
    const written = edited(video, "encoders", script("shared/x.js"))?.replace("../shared", "./../shared");
    expect(edited(written ?? "", "encoders", { title: "X" })).toContain("file: ./../shared/x.js");
  });

  test("follows line ends, a byte order mark and a missing last line end", () => {
    const windows = `\uFEFF${video.replaceAll("\n", "\r\n").trimEnd()}`;

    expect(edited(windows, "internal", { rateLimit: { limit: 3, window: "1m" } })).toBe(
      `${windows}\r\n    rateLimit:\r\n        limit: 3\r\n        window: 1m`,
    );
    const after = edited(windows, "encoders", { description: "a\nb" });
    expect(after).toBe(windows.replace('"An encoder" # for people', "|- # for people\r\n    a\r\n    b"));
  });

  test("writes JSON where JSON stands", () => {
    const json = `{"apiVersion":"gitway/v1","kind":"ApiToken","metadata":{"name":"json"},"spec":{"secret":{"env":"A"}}}\n`;

    expect(edited(json, "json", { secret: { env: "B" }, description: "B, then" })).toBe(
      json.replace('"secret":{"env":"A"}', '"description": "B, then", "secret":{"env":"B"}'),
    );
  });

  test("edits lists in brackets over several lines", () => {
    const list = video.replace("[partner, internal]", "[\n    partner, # them\n    internal # us\n  ]");

    expect(changes({ tokens: ["internal"] }, "encoders", list)).toEqual(["-    partner, # them"]);
    expect(changes({ tokens: ["partner"] }, "encoders", list)).toEqual([
      "-    partner, # them",
      "-    internal # us",
      "+    partner # them",
    ]);
    expect(changes({ tokens: ["internal", "more", "partner"] }, "encoders", list)).toEqual([
      "-    internal # us",
      "+    internal, # us",
      "+    more",
    ]);
  });
});

describe("what is not edited", () => {
  const anchored = `apiVersion: gitway/v1
kind: ApiDefinition
metadata: { name: x }
spec:
  route: &r a/b
  tokens: &t [internal, partner]
  dashboard:
    who: *t
    free: &unused { a: 1 }
    tagged: !!str 12
  action: { reply: {} }
`;

  test("an alias, and an anchor that an alias uses", () => {
    const dashboard = { who: ["internal", "partner"], free: { a: 1 }, tagged: "12" };

    expect(setSpec(anchored, "x", { tokens: ["internal"] })).toMatchObject({
      status: "refused",
      problems: [{ code: "edit-refused", line: 6, column: 14, path: "/spec/tokens" }],
    });
    expect(setSpec(anchored, "x", { dashboard: { ...dashboard, who: ["internal"] } })).toMatchObject({
      status: "refused",
      problems: [{ line: 8, column: 10, path: "/spec/dashboard/who" }],
    });
    expect(setSpec(anchored, "x", { tokens: undefined })).toMatchObject({ status: "refused" });
    expect(setSpec(anchored, "x", { dashboard: { ...dashboard, tagged: "13" } })).toMatchObject({
      status: "refused",
      problems: [{ line: 10, path: "/spec/dashboard/tagged" }],
    });
    expect(changes({ dashboard: { ...dashboard, free: { a: 2 } }, route: "c" }, "x", anchored)).toEqual([
      "-  route: &r a/b",
      "-    free: &unused { a: 1 }",
      "+  route: &r c",
      "+    free: &unused { a: 2 }",
    ]);
    expect(changes({ dashboard: { free: { a: 1 }, tagged: "12" } }, "x", anchored)).toEqual(["-    who: *t"]);
  });

  test("a broken manifest, a merge key, and a file with a syntax error", () => {
    const draft = draftOf(video, "encoders");
    const set = (text: string) => setObject({ path, text }, draft, draft, options);

    expect(set(video.replace("  route:", "  rout:"))).toMatchObject({
      status: "refused",
      problems: expect.arrayContaining([
        expect.objectContaining({ code: "unknown-field", line: 8 }),
      ]) as unknown,
    });
    expect(set(video.replace("  action:", "  <<: {}\n  action:"))).toMatchObject({
      status: "refused",
      problems: [{ code: "merge-key" }],
    });
    expect(set(`${video}---\n"`)).toMatchObject({ status: "refused", problems: [{ code: "yaml-syntax" }] });
  });

  test("an object that is not there, or there twice", () => {
    const draft = draftOf(video, "partner");
    const again = `${video}---\n${documentText(draft, path)}`;

    expect(setObject({ path, text: "" }, draft, draft, options)).toMatchObject({ status: "refused" });
    expect(setObject({ path, text: again }, draft, draft, options)).toMatchObject({ status: "refused" });
  });

  test("a wanted object that is wrong is told as the file would show it", () => {
    expect(setSpec(video, "encoders", { route: "/a//b" })).toMatchObject({
      status: "invalid",
      problems: expect.arrayContaining([
        expect.objectContaining({ code: "invalid-route", line: 8, column: 10 }),
      ]) as unknown,
    });
    expect(setSpec(video, "encoders", { action: {} })).toMatchObject({ status: "invalid" });
    expect(setSpec(video, "encoders", { unknown: 1 })).toMatchObject({
      status: "invalid",
      problems: [{ code: "unknown-field", path: "/spec/unknown" }],
    });
    const hostile = JSON.parse('{"__proto__":{"a":1}}') as Record<string, unknown>;
    expect(setSpec(video, "encoders", { dashboard: { x: hostile } })).toMatchObject({ status: "invalid" });
    expect(setSpec(video, "encoders", { dashboard: { x: "\ud800" } })).toMatchObject({ status: "invalid" });
  });

  test("what would be too large or too deep", () => {
    let deep: unknown = 1;
    for (let level = 0; level < 50_000; level++) deep = [deep];

    expect(setSpec(video, "encoders", { dashboard: { deep } })).toMatchObject({
      status: "invalid",
      problems: [{ code: "yaml-limit" }],
    });
    expect(setSpec(video, "encoders", { dashboard: { long: "x".repeat(1024 * 1024) } })).toMatchObject({
      status: "invalid",
      problems: [{ code: "file-too-large" }],
    });
  });
});

describe("adding an object", () => {
  const wanted: WantedObject = {
    kind: "ApiDefinition",
    name: "new",
    labels: { team: "video" },
    spec: {
      keyless: true,
      route: "new",
      active: true,
      match: "exact",
      tokens: [],
      methods: ["GET", "PUT"],
      action: { reply: { status: 200, headers: { "content-type": "text/plain" }, body: "one\ntwo\n" } },
      paths: {
        allowed: [{ path: "/a", ignoreCase: false, disabled: false, methods: { GET: { action: "none" } } }],
      },
    },
  };
  const written = `apiVersion: gitway/v1
kind: ApiDefinition
metadata:
  name: new
  labels:
    team: video
spec:
  route: new
  methods: [GET, PUT]
  action:
    reply:
      headers:
        content-type: text/plain
      body: |
        one
        two
  keyless: true
  paths:
    allowed:
      - path: /a
        methods:
          GET: {}
`;

  test("writes a new file as a person would", () => {
    expect(textOf(newFile(path, wanted, options))).toBe(written);
    expect(documentText(wanted, path)).toBe(written);
    expect(objectOf(written, path).spec).toMatchObject(wanted.spec);
  });

  test("takes over the line for editors from a sibling, and its line ends", () => {
    const sibling = { path: "apis/video/b.yaml", text: video.replace("../", "../../") };

    const [first, second] = (textOf(newFile("apis/new/deep/a.yaml", wanted, options, sibling)) ?? "").split(
      "\n",
    );
    expect([first, second]).toEqual([
      "# yaml-language-server: $schema=../../../schemas/manifest.schema.json",
      "apiVersion: gitway/v1",
    ]);
    const windows = { path, text: video.replaceAll("\n", "\r\n") };
    expect(textOf(newFile("apis/b.yaml", wanted, options, windows))).toBe(
      `${video.split("\n")[0]}\n${written}`.replaceAll("\n", "\r\n"),
    );
  });

  test("puts a document behind those of a file", () => {
    const add = (text: string) => textOf(addObject({ path, text }, wanted, options));
    // Its lists are not indented.
    const alike = written.replace(/ {6}- path.*/s, (lines) => lines.replaceAll(/^ {2}/gm, ""));

    expect(add(`${video}\n# The end.`)).toBe(`${video}\n# The end.\n---\n${alike}`);
    expect(add("# Nothing yet.\n")).toBe(`# Nothing yet.\n${written}`);
    expect(add("")).toBe(written);
    expect(add(video.replaceAll("\n", "\r\n"))).toBe(`${video}---\n${alike}`.replaceAll("\n", "\r\n"));
  });

  test("of a wrong object writes nothing", () => {
    expect(newFile(path, { ...wanted, name: "Not a slug" }, options)).toMatchObject({ status: "invalid" });
    expect(newFile(path, { ...wanted, spec: {} }, options)).toMatchObject({ status: "invalid" });
    expect(addObject({ path, text: "a: [" }, wanted, options)).toMatchObject({ status: "refused" });
  });
});

describe("deleting an object", () => {
  const documents = video.split("---\n");

  test("takes its document away, and leaves the others byte for byte", () => {
    expect(deleted(video, "internal")).toBe(documents.slice(0, 2).join("---\n"));
    expect(deleted(video, "partner")).toBe([documents[0], documents[2]].join("---\n"));
    const header = video.split("\n").slice(0, 2).join("\n");
    expect(deleted(video, "encoders")).toBe(`${header}\n${documents.slice(1).join("---\n")}`);
    const windows = `\uFEFF${video.replaceAll("\n", "\r\n")}`;
    expect(deleted(windows, "partner")).toBe(
      `\uFEFF${[documents[0], documents[2]].join("---\n").replaceAll("\n", "\r\n")}`,
    );
  });

  test("of a first document keeps the comments that are about the file", () => {
    const [first = "", ...rest] = documents;
    const own = first.split("\n").slice(2).join("\n");

    expect(deleted(`# Ours.\n${own}---\n${rest.join("---\n")}`, "encoders")).toBe(rest.join("---\n"));
    expect(deleted(`# Ours.\n\n# It.\n${own}---\n${rest.join("---\n")}`, "encoders")).toBe(
      `# Ours.\n\n${rest.join("---\n")}`,
    );
    expect(deleted(`# Ours.\n---\n${own}---\n${rest.join("---\n")}`, "encoders")).toBe(
      `# Ours.\n---\n${rest.join("---\n")}`,
    );
  });

  test("deletes a file that holds nothing else", () => {
    expect(deleted(`# Ours.\n---\n${documents[1]}---\n`, "partner")).toBeNull();
  });

  test("keeps documents that are broken or of unknown kind, and refuses a broken object", () => {
    const broken = `${video}---\nkind: Apple\nmetadata: { name: x }\n---\nnonsense\n`;

    expect(deleted(broken, "internal")).toBe(
      `${documents.slice(0, 2).join("---\n")}---\nkind: Apple\nmetadata: { name: x }\n---\nnonsense\n`,
    );
    const text = video.replace("generate: true }", "generate: maybe }");
    expect(deleteObject({ path, text }, draftOf(video, "partner"), options)).toMatchObject({
      status: "refused",
    });
  });
});
