import { AppError } from "../errors.ts";
import type { Person } from "../plan/plan.ts";
import type { Database, Session } from "./database.ts";
import { wakeChannel } from "./drift/drift.ts";
import { storable } from "./object-versions.ts";
import { lockPointer } from "./pointer.ts";
import type { Suspension } from "./store.ts";

interface SuspensionRow {
  readonly since: Date;
  readonly name: string;
  readonly email: string;
  readonly reason: string | null;
}

const columns = "since, by_name as name, by_email as email, reason";

/** The suspension that holds; null when there is none. */
export async function readSuspension(session: Session): Promise<Suspension | null> {
  const [row] = await session.query<SuspensionRow>(
    `select ${columns} from gitway.suspension where resumed_at is null`,
  );
  return row ? toSuspension(row) : null;
}

/**
 * Suspends reconciling and gives the suspension that holds, which is the earlier one where there is one. An apply
 * that is under way comes to its end first: both hold the lock of the pointer.
 */
export async function suspend(
  database: Database,
  { by, reason }: Pick<Suspension, "by" | "reason">,
): Promise<Suspension> {
  return database.transaction(async (session) => {
    await lockPointer(session);
    await session.query(
      `insert into gitway.suspension (by_name, by_email, reason) values ($1, $2, $3)
       on conflict ((resumed_at is null)) where resumed_at is null do nothing`,
      [storable(by.name), storable(by.email), storable(reason)],
    );
    await session.query(`notify ${wakeChannel}`);
    const suspension = await readSuspension(session);
    if (!suspension) throw new Error("the suspension was not written");
    return suspension;
  });
}

/** Ends the suspension that holds and gives it; null when there is none. */
export async function resume(database: Database, by: Person): Promise<Suspension | null> {
  return database.transaction(async (session) => {
    await lockPointer(session);
    const [row] = await session.query<SuspensionRow>(
      `update gitway.suspension set resumed_at = clock_timestamp(), resumed_by_name = $1, resumed_by_email = $2
       where resumed_at is null returning ${columns}`,
      [storable(by.name), storable(by.email)],
    );
    await session.query(`notify ${wakeChannel}`);
    return row ? toSuspension(row) : null;
  });
}

/** Fails with `suspended` while reconciling is. Under the lock of the pointer this holds until the transaction ends. */
export async function refuseWhileSuspended(session: Session): Promise<void> {
  const suspension = await readSuspension(session);
  if (suspension) throw suspendedError(suspension);
}

/** Why nothing is applied: since when, by whom and why, and what to do. */
export function suspendedError({ since, by, reason }: Suspension): AppError {
  const why = reason === null ? "" : ` (${reason})`;
  return new AppError(
    "suspended",
    `Reconciling is suspended since ${since.replace(/\.\d+Z$/, "Z")} by ${by.name}${why}: nothing goes live until it is resumed, with 'gitway resume' or POST /api/sync/resume.`,
  );
}

function toSuspension({ since, name, email, reason }: SuspensionRow): Suspension {
  return { since: since.toISOString(), by: { name, email }, reason };
}
