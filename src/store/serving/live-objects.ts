import type { Kind } from "../../manifest/manifest.ts";
import { readContents } from "../blobs.ts";
import type { Database } from "../database.ts";
import { readObjects } from "../object-versions.ts";
import { readPointer } from "../pointer.ts";
import type { LiveObjects } from "../store.ts";

/** What is live, in one snapshot, with the files that it refers to. */
export function readLive(
  database: Database,
  filter: { readonly kind?: Kind; readonly name?: string },
): Promise<LiveObjects> {
  return database.transaction(
    async (session) => {
      const { revision } = await readPointer(session);
      const objects = await readObjects(session, filter);
      const digests = objects.flatMap(({ files }) => Object.values(files));
      return { revision, objects, contents: await readContents(session, digests) };
    },
    { snapshot: true },
  );
}
