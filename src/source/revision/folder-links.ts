import { isFile, statTree, treeModes, type TreeEntry } from "../git/tree.ts";
import { linkTarget } from "./manifest-entries.ts";
import type { SnapshotReading } from "./snapshot.ts";

/**
 * The symlinks below the manifest paths that manifests could be behind: those that lead to a folder, on
 * to another symlink, out of the repository, or nowhere. One that leads to a file is harmless.
 */
export async function findFolderLinks(
  { repository, objects, paths }: SnapshotReading,
  commit: string,
  entries: ReadonlyMap<string, TreeEntry>,
): Promise<ReadonlySet<string>> {
  const links = [...entries.values()].filter(
    ({ mode, path }) => mode === treeModes.symlink && !paths.isManifest(path),
  );
  const targets = await Promise.all(
    links.map(async ({ path, id }) => {
      const answer = await objects.read(id);
      return answer.status === "content" ? linkTarget(path, answer.content.toString()) : null;
    }),
  );
  const named = [...new Set(targets.flatMap((target) => target ?? []))].filter(
    (target) => !/^\.?$/.test(target),
  );
  const found = named.length === 0 ? [] : await statTree(repository, commit, named);
  const files = new Set(found.filter(isFile).map(({ path }) => path));
  return new Set(links.filter((_link, index) => !files.has(targets[index] ?? "")).map(({ path }) => path));
}
