import type { CurrentState } from "../plan/plan.ts";
import { readBlobs } from "./blobs.ts";
import { readServingCredentials } from "./credentials.ts";
import type { Database, Session } from "./database.ts";
import { withDrift } from "./drift.ts";
import { readObjects } from "./object-versions.ts";
import { readPointer } from "./pointer.ts";
import type { ServingState } from "./store.ts";

/** The objects that the revision pointer sees, in one snapshot; drifted ones so that a plan heals them. */
export function readCurrent(database: Database, now: Date): Promise<CurrentState> {
  return database.transaction(
    async (session) => {
      const { revision } = await readPointer(session);
      const mark = await readMark(session, revision);
      return {
        revision,
        origin: mark?.origin ?? null,
        ...(await withDrift(session, await readObjects(session), now)),
      };
    },
    { snapshot: true },
  );
}

/** All that the endpoint needs, in one snapshot: no request ever sees half of a revision. */
export function readServing(database: Database): Promise<ServingState> {
  return database.transaction(
    async (session) => {
      const { revision } = await readPointer(session);
      const mark = await readMark(session, revision);
      const objects = await readObjects(session);
      const digests = objects.flatMap(({ files }) => Object.values(files));
      return {
        revision,
        commit: mark?.commit ?? null,
        definitions: objects.filter((object) => object.kind === "ApiDefinition"),
        tokens: objects.filter((object) => object.kind === "ApiToken"),
        credentials: await readServingCredentials(session),
        blobs: await readBlobs(session, digests),
      };
    },
    { snapshot: true },
  );
}

async function readMark(
  session: Session,
  revision: number,
): Promise<{ readonly commit: string; readonly origin: string } | undefined> {
  const [mark] = await session.query<{ commit: string; origin: string }>(
    "select commit, origin from gitway.revision where number = $1",
    [revision],
  );
  return mark;
}
