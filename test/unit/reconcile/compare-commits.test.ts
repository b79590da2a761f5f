import { expect, test } from "vitest";

import { gitwayActor, type Person } from "../../../src/plan/plan.ts";
import { compareWithCommits } from "../../../src/reconcile/compare-commits.ts";
import type { InformationEvent } from "../../../src/store/information-event.ts";

const john = { name: "John Doe", email: "john.doe@example.com" };
const jane = { name: "Jane Roe", email: "jane.roe@example.com" };
const one = "1".repeat(40);
const two = "2".repeat(40);
const authoredAt = "2026-01-01T00:00:00.000Z";

test("an event whose commit says the same fits", async () => {
  expect(await differences(event(), { [one]: [john, jane] })).toEqual([]);
});

test.each<[string, Partial<InformationEvent>]>([
  ["author", { actor: { ...jane, user: null } }],
  ["author", { actor: { ...john, email: "else@example.com", user: null } }],
  ["committer", { committer: john }],
  ["committer", { committer: null }],
])("another %s is told", async (role, changed) => {
  expect(await differences(event(changed), { [one]: [john, jane] })).toEqual([
    expect.stringMatching(new RegExp(`^Its ${role} is .*, and commit ${one} says '.*'\\.$`)),
  ]);
});

test("another one who released it is told", async () => {
  const released = event({ releasedBy: { author: john, commit: two } });

  expect(await differences(released, { [one]: [john, jane], [two]: [jane, jane] })).toEqual([
    `Its release is 'John Doe <john.doe@example.com>', and commit ${two} says 'Jane Roe <jane.roe@example.com>'.`,
  ]);
});

test("what Gitway did of itself and what has no commit has no author to compare", async () => {
  const own = event({ actor: { ...gitwayActor, user: null }, committer: gitwayActor });

  expect(await differences(own, { [one]: [john, jane] })).toEqual([]);
  expect(await differences(event({ commit: null }), {})).toEqual([]);
});

test("whoever goes by the name of Gitway is compared like everybody else", async () => {
  const said = event({ actor: { ...gitwayActor, user: null }, byGitway: false, committer: gitwayActor });

  expect(await differences(said, { [one]: [john, jane] })).toHaveLength(2);
});

test("commits that the source lacks are counted, and prove nothing", async () => {
  const comparison = compareWithCommits({ commits: async () => new Map() });

  const found = await comparison.inspect([
    event(),
    event({ id: 2, releasedBy: { author: john, commit: two } }),
  ]);

  expect([...found.values()]).toEqual([[], []]);
  expect([...comparison.unknown]).toEqual([one, two]);
});

test("the time of a commit, and who first wrote an object, are compared where the event says them", async () => {
  const firstWritten = { author: jane, commit: two, authoredAt };
  const commits = { [one]: [john, jane], [two]: [jane, jane] } as const;
  const later = "2026-02-01T00:00:00.000Z";

  expect(await differences(event({ authoredAt, firstWritten }), commits)).toEqual([]);
  expect(await differences(event({ authoredAt: later }), commits)).toEqual([
    `Its time is ${later}, and commit ${one} says ${authoredAt}.`,
  ]);
  const wrong = event({ firstWritten: { ...firstWritten, author: john, authoredAt: later } });
  expect(await differences(wrong, commits)).toEqual([
    expect.stringMatching(/^Its first author is 'John/),
    `Its time is ${later}, and commit ${two} says ${authoredAt}.`,
  ]);
});

async function differences(
  said: InformationEvent,
  commits: Record<string, readonly [author: Person, committer: Person]>,
): Promise<readonly string[] | undefined> {
  const people = new Map(
    Object.entries(commits).map(([id, [author, committer]]) => [id, { author, committer, authoredAt }]),
  );
  const { inspect } = compareWithCommits({ commits: async () => people });
  return (await inspect([said])).get(said.id);
}

function event(changed: Partial<InformationEvent> = {}): InformationEvent {
  return {
    id: 1,
    time: "2026-01-01T00:00:00.000Z",
    parameterId: 64650,
    parameterName: "User-defined APIs",
    message: "ApiToken 'internal' (2faa728c-218d-4139-8aa1-8f033c60dd07) was added by John Doe",
    action: "added",
    kind: "ApiToken",
    objectId: "2faa728c-218d-4139-8aa1-8f033c60dd07",
    name: "internal",
    route: null,
    actor: { ...john, user: null },
    committer: jane,
    contributors: [],
    releasedBy: null,
    commit: one,
    path: "apis/internal.yaml",
    line: 1,
    revision: 1,
    versionBefore: null,
    versionAfter: 1,
    objectHash: "a".repeat(64),
    previousHash: "0".repeat(64),
    hash: "b".repeat(64),
    ...changed,
  };
}
