import { expect, test } from "vitest";

import type { Source } from "../../src/source/open-source.ts";
import { createShared, landed, setTitle } from "../support/committing.ts";
import { createRepository } from "../support/git-repository.ts";
import { apiText, openTestSource } from "../support/open-test-source.ts";

const both = [apiText("a"), apiText("b")].join("---\n");

async function write(source: Source, name: string, rounds: number): Promise<void> {
  for (let round = 1; round <= rounds; round++) landed(await setTitle(source, `${name} ${round}`, name));
}

test("two writers with fifty edits each of one file lose none", { timeout: 400_000 }, async () => {
  await using shared = await createShared(both);
  await using first = await openTestSource(shared.bare);
  await using second = await openTestSource(shared.bare);

  await Promise.all([write(first, "a", 50), write(second, "b", 50)]);

  expect(await shared.git("rev-list", "--count", "main")).toBe("101");
  expect(await shared.git("rev-list", "--count", "--merges", "main")).toBe("0");
  const { commit } = await first.fetch();
  const titles = (await first.read(commit)).set.manifests.map(({ spec }) =>
    "title" in spec ? spec.title : "",
  );
  expect(titles).toEqual(["a 50", "b 50"]);
});

test(
  "writers through one Gitway, and somebody who pushes meanwhile, lose nothing",
  { timeout: 400_000 },
  async () => {
    await using shared = await createShared(both);
    await using source = await openTestSource(shared.bare);
    const pushing = async () => {
      for (let round = 1; round <= 10; round++) {
        await shared.clone.commit({ files: { "apis/c.yaml": apiText("c", `c${round}`) } });
        for (let isPushed = false; !isPushed;) {
          await shared.clone.git("pull", "--quiet", "--rebase", "origin", "main");
          isPushed = await shared.clone.git("push", "--quiet", "origin", "main").then(
            () => true,
            () => false,
          );
        }
      }
    };

    await Promise.all([write(source, "a", 20), write(source, "b", 20), pushing()]);

    expect(await shared.git("rev-list", "--count", "main")).toBe("51");
    const { commit } = await source.fetch();
    expect((await source.read(commit)).set.manifests).toMatchObject([
      { spec: { title: "a 20" } },
      { spec: { title: "b 20" } },
      { spec: { route: "c10" } },
    ]);
  },
);

test("writers through one Gitway leave a checkout clean", { timeout: 400_000 }, async () => {
  await using repository = await createRepository();
  await repository.commit({ files: { "apis/a.yaml": both } });
  await using source = await openTestSource(repository.path);

  await Promise.all([write(source, "a", 10), write(source, "b", 10)]);

  expect(await repository.git("rev-list", "--count", "main")).toBe("21");
  expect(await repository.git("status", "--porcelain")).toBe("");
});
