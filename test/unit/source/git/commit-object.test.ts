import { describe, expect, test } from "vitest";

import { parseCommit } from "../../../../src/source/git/commit-object.ts";

const tree = "a".repeat(40);
const [first, second] = ["b".repeat(40), "c".repeat(40)];
const ann = "Ann Ångström <ann@example.com> 1700000000 +0100";
const bob = "Bob <bob@example.com> 1700000060 -0230";

describe("a commit object", () => {
  test("says its tree, its parents, who made it and when, and its message", () => {
    const commit = parsed([`parent ${first}`, `parent ${second}`, `author ${ann}`, `committer ${bob}`]);

    expect(commit).toMatchObject({
      tree,
      parents: [first, second],
      author: { name: "Ann Ångström", email: "ann@example.com" },
      committer: { name: "Bob", email: "bob@example.com" },
      date: 1_700_000_060,
    });
    expect(commit?.message.toString()).toBe("What\n\nauthor Nobody <x> 1 +0000\n");
  });

  test("keeps what is quoted in other fields apart", () => {
    const commit = parsed([
      `parent ${first}`,
      `author ${ann}`,
      `committer ${bob}`,
      `mergetag object ${second}\n type commit\n tagger ${bob}\n \n parent ${second}\n author ${bob}`,
      "gpgsig -----BEGIN PGP SIGNATURE-----\n \n author Mallory <m@example.com> 1 +0000\n -----END",
    ]);

    expect(commit).toMatchObject({ parents: [first], author: { email: "ann@example.com" } });
  });

  test.each([
    ["in another encoding", [`author ${ann}`, `committer ${bob}`, "encoding ISO-8859-1"]],
    ["with a name that git would trim", ["author  Ann <ann@example.com> 1 +0000", `committer ${bob}`]],
    ["without a name", ["author <ann@example.com> 1 +0000", `committer ${bob}`]],
    ["without the end of the address", ["author Ann <ann@example.com 1 +0000", `committer ${bob}`]],
    ["with two addresses", ["author Ann <a> <ann@example.com> 1 +0000", `committer ${bob}`]],
    ["with a control character", ["author A\u001bnn <ann@example.com> 1 +0000", `committer ${bob}`]],
    ["with two authors", [`author ${ann}`, `author ${bob}`, `committer ${bob}`]],
    ["without an author", [`committer ${bob}`]],
  ])("%s is left to git to read", (_what, fields) => {
    expect(parsed(fields)).toMatchObject({ tree, author: null });
  });

  test("that is no UTF-8 is left to git to read, and still says where it comes from", () => {
    const latin = Buffer.from(
      `tree ${tree}\nparent ${first}\nauthor ${ann}\ncommitter ${bob}\n\nx`,
      "latin1",
    );

    expect(parseCommit(latin)).toMatchObject({ tree, parents: [first], author: null, date: null });
  });

  test("may have no message, and what has no tree is none", () => {
    expect(parseCommit(Buffer.from(`tree ${tree}\nauthor ${ann}\ncommitter ${bob}\n`))).toMatchObject({
      message: Buffer.alloc(0),
      date: 1_700_000_060,
    });
    expect(parseCommit(Buffer.from("object 1\ntype tree\n"))).toBeNull();
  });
});

function parsed(fields: readonly string[]) {
  const text = [`tree ${tree}`, ...fields].join("\n");
  return parseCommit(Buffer.from(`${text}\n\nWhat\n\nauthor Nobody <x> 1 +0000\n`));
}
