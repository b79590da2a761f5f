import { rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import { expect, test, vi } from "vitest";

import { createRepository } from "../support/git-repository.ts";
import { openTestSource } from "../support/open-test-source.ts";

test("a commit, a packed ref, a switched branch and a deleted one wake", async () => {
  await using repository = await createRepository();
  await repository.commit();
  await using source = await openTestSource(repository.path);
  const wake = vi.fn();
  const watch = await source.watch(wake);

  const causes = [
    () => repository.commit(),
    () => repository.git("pack-refs", "--all"),
    () => repository.git("switch", "--quiet", "-c", "deep/er/branch"),
    () => repository.commit(),
    () => repository.git("switch", "--quiet", "main"),
    () => repository.git("branch", "-D", "deep/er/branch"),
  ];
  for (const cause of causes) {
    await quiet(wake);
    wake.mockClear();
    await cause();
    await vi.waitFor(() => expect(wake).toHaveBeenCalled(), { timeout: 10_000 });
  }

  await watch?.close();
});

test("of two commits at once, the second is not missed", async () => {
  await using repository = await createRepository();
  await repository.commit();
  await using source = await openTestSource(repository.path);
  const seen: string[] = [];
  // A fetch that is under way when the source is closed fails.
  const look = () =>
    source.fetch().then(
      ({ commit }) => seen.push(commit),
      () => 0,
    );
  const watch = await source.watch(() => void look());

  await repository.commit();
  const second = await repository.commit();

  await vi.waitFor(() => expect(seen).toContain(second), { timeout: 10_000 });
  await watch?.close();
});

test("a commit wakes in a linked work tree and in a bare repository", async () => {
  await using repository = await createRepository();
  await repository.commit();
  await repository.git("worktree", "add", "--quiet", "../linked", "-b", "linked");
  await repository.git("clone", "--quiet", "--bare", ".", "../bare.git");
  const linked = join(repository.path, "../linked");
  const bare = join(repository.path, "../bare.git");

  for (const [path, cause] of [
    [linked, () => repository.git("-C", linked, "commit", "--quiet", "--allow-empty", "-m", "x")],
    [bare, () => repository.git("push", "--quiet", "../bare.git", "HEAD:refs/heads/new")],
  ] as const) {
    await using source = await openTestSource(path);
    const wake = vi.fn();
    const watch = await source.watch(wake);

    await cause();

    await vi.waitFor(() => expect(wake).toHaveBeenCalled(), { timeout: 10_000 });
    await watch?.close();
  }
});

test.each(["cloned anew", "moved away and back"])("a repository that is %s is watched again", async (how) => {
  await using origin = await createRepository();
  await origin.commit();
  const path = join(origin.path, "../served");
  await origin.git("clone", "--quiet", ".", "../served");
  await using source = await openTestSource(path);
  const wake = vi.fn();
  const watch = await source.watch(wake);

  if (how === "cloned anew") {
    await rm(path, { recursive: true });
    await origin.git("clone", "--quiet", ".", "../served");
  } else {
    await rename(path, `${path}-away`);
    await origin.git("clone", "--quiet", ".", "../served");
    await rm(path, { recursive: true });
    await rename(`${path}-away`, path);
  }
  await vi.waitFor(
    async () => {
      wake.mockClear();
      await origin.git("-C", path, "commit", "--quiet", "--allow-empty", "-m", "x");
      await vi.waitFor(() => expect(wake).toHaveBeenCalled(), { timeout: 500 });
    },
    { timeout: 20_000 },
  );

  await watch?.close();
});

test("a remote source can't be watched", async () => {
  await using source = await openTestSource("http://127.0.0.1:1/r.git");

  expect(await source.watch(() => {})).toBeNull();
});

/** Waits until nothing has woken for as long as an event may echo. */
async function quiet(wake: ReturnType<typeof vi.fn>): Promise<void> {
  await vi.waitFor(
    async () => {
      const before = wake.mock.calls.length;
      await sleep(400);
      expect(wake.mock.calls.length).toBe(before);
    },
    { timeout: 10_000 },
  );
}
