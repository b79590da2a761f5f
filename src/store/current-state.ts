import type { CurrentState } from "../plan/plan.ts";
import type { Database, Session } from "./database.ts";
import { withDrift } from "./drift.ts";
import { readObjects } from "./object-versions.ts";
import { readPointer } from "./pointer.ts";

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
