import { randomUUID } from "node:crypto";

import { AppError } from "../errors.ts";
import type { AttributedChange } from "../plan/plan.ts";
import { spokenName } from "../plan/spoken-name.ts";
import { storeBlobs } from "./blobs.ts";
import { refuseClashes } from "./clashes.ts";
import type { Database, Session } from "./database.ts";
import { countMissing, healDrift, rememberRows } from "./drift/drift.ts";
import { writeEvents, type NewEvent } from "./events/events.ts";
import type { EventAction } from "./information-event.ts";
import { endVersions, insertVersions, objectOfChange, type NewVersion } from "./object-versions.ts";
import { lockPointer, lockPointerAt, movePointer } from "./pointer.ts";
import { writeSightings } from "./sightings.ts";
import { describeObject, type Applied, type ApplyRequest } from "./store.ts";
import { refuseWhileSuspended } from "./suspension.ts";

/** Applies one revision in one transaction: versions, blobs, events and the pointer, or nothing (law 2). */
export async function applyRevision(database: Database, request: ApplyRequest): Promise<Applied> {
  if (request.changes.length === 0) throw new Error("a revision without changes must not be applied");
  const applyId = randomUUID();
  return database.transaction((session) => writeRevision(session, request, applyId), {
    didCommit: () => hasApplied(database, applyId),
  });
}

/** So many changes that Postgres, by what it knows of the tables, would make plans that take minutes until it looks. */
const muchChanged = 500;

async function writeRevision(session: Session, request: ApplyRequest, applyId: string): Promise<Applied> {
  const revision = request.parentRevision + 1;
  await lockPointerAt(session, request.parentRevision);
  await refuseWhileSuspended(session);
  const time = await insertRevision(session, request, revision, applyId);
  await session.query("select set_config('gitway.writer', 'apply', true)");
  await storeBlobs(session, neededBlobs(request.changes), request.blobs);
  await endPrevious(session, request, revision);
  await healDrift(
    session,
    request.changes.map(({ change }) => change),
    revision,
    time,
  );
  const versions = await insertVersions(session, newVersions(request.changes), revision);
  await writeSightings(session, request.sightings ?? []);
  await rememberRows(session);
  await refuseClashes(session);
  const events = await writeEvents(session, newEvents(request.changes, versions, revision), time);
  await movePointer(session, revision);
  if (request.changes.length >= muchChanged)
    await session.query("analyze gitway.object_version, gitway.event");
  return { revision, events };
}

async function insertRevision(
  session: Session,
  { parentRevision, commit, origin }: ApplyRequest,
  revision: number,
  applyId: string,
): Promise<Date> {
  const [row] = await session.query<{ applied_at: Date }>(
    "insert into gitway.revision (number, parent, commit, origin, apply_id) values ($1, $2, $3, $4, $5) returning applied_at",
    [revision, parentRevision, commit, origin, applyId],
  );
  if (!row) throw new Error("the new revision was not written");
  return row.applied_at;
}

function neededBlobs(changes: readonly AttributedChange[]): Set<string> {
  return new Set(changes.flatMap(({ change }) => (change.after ? Object.values(change.after.files) : [])));
}

async function endPrevious(
  session: Session,
  { changes, parentRevision }: ApplyRequest,
  revision: number,
): Promise<void> {
  const versions = changes.flatMap(({ change }) => (change.before ? [change.before.version] : []));
  const ended = await endVersions(session, versions, revision);
  const lacking = versions.length - ended;
  if (lacking > 0 && lacking > (await countMissing(session, versions)))
    throw new AppError(
      "revision-moved",
      `The plan names ${lacking} object versions that are not current in revision ${parentRevision}: plan again.`,
    );
}

function newVersions(changes: readonly AttributedChange[]): NewVersion[] {
  return changes.flatMap(({ change, attribution }) =>
    change.after ? [{ object: change.after, attribution }] : [],
  );
}

const actionOf = { create: "added", update: "updated", delete: "deleted" } as const satisfies Record<
  string,
  EventAction
>;

/** One event for each change, in the order of the changes. */
function newEvents(
  changes: readonly AttributedChange[],
  versions: readonly number[],
  revision: number,
): NewEvent[] {
  const versionsLeft = versions.values();
  return changes.map(({ change, attribution }) => {
    const action = actionOf[change.action];
    const object = objectOfChange(change);
    return {
      message: `${describeObject(object, change.route)} was ${action} by ${spokenName(attribution.author)}`,
      action,
      kind: object.kind,
      objectId: object.id,
      name: object.name,
      route: change.route,
      actor: attribution.author,
      committer: attribution.committer,
      contributors: attribution.contributors,
      releasedBy: attribution.releasedBy ?? null,
      commit: attribution.commit,
      ...(attribution.authoredAt ? { authoredAt: attribution.authoredAt } : {}),
      ...(action === "added" && attribution.firstWritten ? { firstWritten: attribution.firstWritten } : {}),
      path: change.after ? change.after.place.file : change.before.path,
      line: change.after ? change.after.place.line : change.before.line,
      revision,
      versionBefore: change.before?.version ?? null,
      versionAfter: change.after ? (versionsLeft.next().value ?? null) : null,
      objectHash: change.after?.hash ?? null,
    };
  });
}

/**
 * Whether the revision of an apply whose connection broke during the commit is there. The lock of the
 * pointer is held by that transaction until it has ended, so having it makes the answer certain.
 */
async function hasApplied(database: Database, applyId: string): Promise<boolean> {
  return database.transaction(async (session) => {
    await lockPointer(session);
    const rows = await session.query<unknown>("select 1 from gitway.revision where apply_id = $1", [applyId]);
    return rows.length > 0;
  });
}
