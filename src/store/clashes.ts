import { AppError } from "../errors.ts";
import { isServerAnswer } from "./database-error.ts";
import type { Session } from "./database.ts";

/** SQLSTATE of a broken exclusion constraint. */
const exclusionViolation = "23P01";

interface Exclusive {
  readonly columns: string;
  readonly what: string;
}

/** What two current objects may not have in common, by constraint: the columns and how people call it. */
const exclusive: Record<string, Exclusive> = {
  one_object_per_name: { columns: "kind, name", what: "the name" },
  one_version_per_object: { columns: "kind, object_id", what: "the id" },
  one_object_per_dashboard_id: { columns: "kind, dashboard_id", what: "the Dashboard's id" },
  one_object_per_api_id: { columns: "kind, api_id", what: "the api_id" },
  one_object_per_claim: { columns: "claim", what: "the route" },
};

/**
 * Checks the deferred constraints now, while the objects that clash can still be read and named. Fails
 * with `apply-failed`.
 */
export async function refuseClashes(session: Session): Promise<void> {
  await session.query("savepoint before_checks");
  try {
    await session.query("set constraints all immediate");
  } catch (error) {
    const rule = clashIn(error);
    if (!rule) throw error;
    await session.query("rollback to savepoint before_checks");
    const clashes = await readClashes(session, rule.columns);
    throw new AppError(
      "apply-failed",
      `Nothing was applied: ${clashes.join(", ")} would share ${rule.what}. Give each its own.`,
      { cause: error },
    );
  }
}

function clashIn(error: unknown): Exclusive | undefined {
  if (!isServerAnswer(error) || error.code !== exclusionViolation) return undefined;
  return exclusive[error.constraint ?? ""];
}

async function readClashes(session: Session, columns: string): Promise<string[]> {
  const rows = await session.query<{ objects: string }>(
    `select string_agg(format('%s ''%s'' (%s)', kind, name, object_id), ' and ' order by version) as objects
     from gitway.object_version where to_revision is null and num_nulls(${columns}) = 0
     group by ${columns} having count(*) > 1 order by 1 limit 10`,
  );
  return rows.map(({ objects }) => objects);
}
