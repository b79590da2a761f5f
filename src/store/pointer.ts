import { AppError } from "../errors.ts";
import type { Session } from "./database.ts";

/** Where the store stands: what moves when anything that is served changes. */
export interface Pointer {
  /** The current revision; 0 before the first apply. */
  readonly revision: number;
  readonly credentialChanges: number;
}

const columns = 'revision, credential_changes as "credentialChanges"';

/** Reads the pointer. */
export async function readPointer(session: Session): Promise<Pointer> {
  return only(await session.query<Pointer>(`select ${columns} from gitway.pointer`));
}

/** Reads the pointer and keeps every other writer waiting until the transaction ends. */
export async function lockPointer(session: Session): Promise<Pointer> {
  return only(await session.query<Pointer>(`select ${columns} from gitway.pointer for update`));
}

/**
 * Compare, then set at the end: the lock keeps every other writer out in between, and who would suspend. Fails
 * with `revision-moved` when the pointer is not at the revision that a plan was made against.
 */
export async function lockPointerAt(session: Session, parentRevision: number): Promise<void> {
  const { revision } = await lockPointer(session);
  if (revision !== parentRevision)
    throw new AppError(
      "revision-moved",
      `The plan was made against revision ${parentRevision}, and the store has moved to revision ${revision}: plan again.`,
    );
}

/** Moves the pointer to a revision, and tells who listens. The caller holds its lock. */
export async function movePointer(session: Session, revision: number): Promise<void> {
  await session.query("update gitway.pointer set revision = $1", [revision]);
  await notify(session);
}

/**
 * Puts back a pointer that somebody moved to before the newest revision, which an apply could not pass. Gives that
 * revision; null when all is well. A writer who is under way has moved the pointer before this looks at it.
 */
export async function restorePointer(session: Session): Promise<number | null> {
  const [row] = await session.query<{ revision: number }>(
    `update gitway.pointer set revision = newest.number
     from (select number from gitway.revision order by number desc limit 1) as newest
     where pointer.revision < newest.number returning pointer.revision`,
  );
  if (!row) return null;
  await notify(session);
  return row.revision;
}

/** Counts a change of credentials, and tells who listens. The caller holds the lock of the pointer. */
export async function countCredentialChange(session: Session): Promise<void> {
  await session.query("update gitway.pointer set credential_changes = credential_changes + 1");
  await notify(session);
}

/**
 * Moves the count of changes to credentials beyond any that somebody may have seen of the store before it was
 * lost, and tells who listens. The caller holds the lock of the pointer.
 */
export async function leapCredentialChanges(session: Session): Promise<void> {
  await session.query(
    "update gitway.pointer set credential_changes = credential_changes + extract(epoch from clock_timestamp())::bigint",
  );
  await notify(session);
}

/** The hash of the newest event. */
export async function readNewestEvent(session: Session): Promise<string> {
  const [row] = await session.query<{ hash: string }>("select newest_event as hash from gitway.pointer");
  if (!row) throw pointerLost();
  return row.hash;
}

/** Keeps the hash of the newest event, apart from the events. The caller holds the lock of the pointer. */
export async function moveNewestEvent(session: Session, hash: string): Promise<void> {
  await session.query("update gitway.pointer set newest_event = $1", [hash]);
}

/** The channel on which listeners hear that the pointer moved. */
export const changeChannel = "gitway_changed";

async function notify(session: Session): Promise<void> {
  await session.query(`notify ${changeChannel}`);
}

function only(rows: readonly Pointer[]): Pointer {
  const [pointer] = rows;
  if (!pointer) throw pointerLost();
  return pointer;
}

function pointerLost(): Error {
  return new AppError(
    "database-failed",
    "The store has lost the row of gitway.pointer, which says what is live: restore a backup into an empty database, or let Gitway rebuild one from Git.",
  );
}
