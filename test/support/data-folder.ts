import { chmod, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A temporary folder for what a store keeps on disk. */
export interface DataFolder {
  readonly path: string;
  /** Removes it, and what a store that ran as root put elsewhere. Close the store first. */
  remove(): Promise<void>;
}

/**
 * Makes a data folder. `closed` puts it into a folder that only its owner can enter, like the home of root:
 * then a server that runs as another user can't go there.
 */
export async function createDataFolder(options: { readonly closed?: boolean } = {}): Promise<DataFolder> {
  const root = await mkdtemp(join(tmpdir(), "gitway-"));
  if (!options.closed) await chmod(root, 0o755);
  const path = join(root, "data");
  return {
    path,
    async remove() {
      const elsewhere = (await readFile(join(path, "postgres-location"), "utf8").catch(() => "")).trim();
      if (elsewhere !== "") await rm(elsewhere, { recursive: true, force: true });
      await rm(root, { recursive: true, force: true });
    },
  };
}
