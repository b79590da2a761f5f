import { join } from "node:path";

import { expect, test } from "vitest";

import { createCommitReader } from "../../src/source/git/commit-reader.ts";
import { createStepReader, type Comparison } from "../../src/source/git/history.ts";
import { createObjectReader } from "../../src/source/git/object-reader.ts";
import type { Step } from "../../src/source/git/step.ts";
import { createTreeReader } from "../../src/source/git/tree-reader.ts";
import { createRepository, type TestRepository } from "../support/git-repository.ts";
import { importHistories, type ImportedCommit } from "../support/import-histories.ts";
import { createRandom } from "../support/random-history.ts";

test("trees that are compared object by object differ as git says", async () => {
  await using repository = await createRepository();
  const [commits = []] = await importHistories(repository, [randomTrees(createRandom(1), 40)]);
  const { steps, close } = readerOf(repository);
  const pairs = commits.flatMap((newer, at) =>
    [commits[at - 1], commits[(at * 7) % commits.length], newer].flatMap((older) =>
      older === undefined ? [] : [{ newer, older }],
    ),
  );

  const byGit = await steps(pairs);
  const byObject: Step[] = [];
  for (const pair of pairs) byObject.push(...(await steps([pair])));

  expect(byObject).toEqual(byGit);
  expect(byGit.some((step) => step.size > 3)).toBe(true);
  await close();
});

test("a commit that is not there is git's to refuse", async () => {
  await using repository = await createRepository();
  const commit = await repository.commit();
  const { steps, close } = readerOf(repository);

  await expect(steps([{ newer: commit, older: "1".repeat(40) }])).rejects.toMatchObject({
    code: "git-failed",
  });
  await close();
});

function readerOf({ path }: TestRepository): {
  steps: (comparisons: readonly Comparison[]) => Promise<readonly Step[]>;
  close: () => Promise<void>;
} {
  const mirror = join(path, ".git");
  const setting = { environment: { PATH: process.env["PATH"] ?? "" }, timeout: 30_000 };
  const objects = createObjectReader(setting, mirror, 1000);
  const steps = createStepReader(
    { setting, path: mirror },
    createCommitReader(objects),
    createTreeReader(objects),
  );
  return { steps, close: () => objects.close() };
}

/** Trees in which files, folders, links and submodules come, go and take each other's names. */
function randomTrees(random: ReturnType<typeof createRandom>, count: number): ImportedCommit[] {
  const names = ["a", "a.b", "a-b", "a0", "b", "B", "\u00e9", "long name"];
  const modes = ["100644", "100644", "100644", "120000", "160000"] as const;
  return Array.from({ length: count }, (_, at) => {
    const files = new Map<string, { mode: (typeof modes)[number]; text: string }>();
    for (let entries = random.below(12); entries > 0; entries--) {
      const path = Array.from({ length: 1 + random.below(3) }, () => random.pick(names)).join("/");
      const isTaken = [...files.keys()].some(
        (other) => other === path || other.startsWith(`${path}/`) || path.startsWith(`${other}/`),
      );
      const mode = random.pick(modes);
      const text = mode === "160000" ? String(random.below(3)).repeat(40) : String(random.below(3));
      if (!isTaken) files.set(path, { mode, text });
    }
    return {
      parents: at === 0 ? [] : [at - 1],
      author: { name: "Ann", email: "ann@example.com" },
      date: 1_700_000_000 + at,
      files,
    };
  });
}
