import type { Kind } from "../../manifest/manifest.ts";
import type { Person } from "../../plan/plan.ts";
import type { SqlValue } from "../database.ts";
import type { EventAction, InformationEvent } from "../information-event.ts";

/** An event as its table has it. */
export interface EventRow {
  readonly id: number;
  readonly time: Date;
  readonly message: string;
  readonly action: EventAction;
  readonly kind: Kind;
  readonly object_id: string;
  readonly name: string;
  readonly route: string | null;
  readonly actor_name: string;
  readonly actor_email: string;
  readonly actor_user: string | null;
  readonly by_gitway?: boolean | null;
  readonly committer_name: string | null;
  readonly committer_email: string | null;
  readonly contributors: readonly Person[];
  readonly released_by: InformationEvent["releasedBy"];
  readonly commit: string | null;
  readonly authored_at?: Date | null;
  readonly first_written?: InformationEvent["firstWritten"] | null;
  readonly path: string | null;
  readonly line: number | null;
  readonly revision: number;
  readonly version_before: number | null;
  readonly version_after: number | null;
  readonly object_hash: string | null;
  readonly previous_hash: string;
  readonly hash: string;
}

type Scalar = Exclude<SqlValue, readonly unknown[] | boolean | Buffer | Date>;

/** How each column of an event is written: its type, and its value. */
export const eventColumns: {
  readonly [Column in keyof EventRow]-?: readonly [type: string, value: (event: InformationEvent) => Scalar];
} = {
  id: ["bigint", ({ id }) => id],
  time: ["timestamptz", ({ time }) => time],
  message: ["text", ({ message }) => message],
  action: ["text", ({ action }) => action],
  kind: ["text", ({ kind }) => kind],
  object_id: ["uuid", ({ objectId }) => objectId],
  name: ["text", ({ name }) => name],
  route: ["text", ({ route }) => route],
  actor_name: ["text", ({ actor }) => actor.name],
  actor_email: ["text", ({ actor }) => actor.email],
  actor_user: ["text", ({ actor }) => actor.user],
  by_gitway: ["boolean", ({ byGitway }) => (byGitway === undefined ? null : String(byGitway))],
  committer_name: ["text", ({ committer }) => committer?.name ?? null],
  committer_email: ["text", ({ committer }) => committer?.email ?? null],
  contributors: ["json", ({ contributors }) => JSON.stringify(contributors)],
  released_by: ["json", ({ releasedBy }) => (releasedBy ? JSON.stringify(releasedBy) : null)],
  commit: ["text", ({ commit }) => commit],
  authored_at: ["timestamptz", ({ authoredAt }) => authoredAt ?? null],
  first_written: ["json", ({ firstWritten }) => (firstWritten ? JSON.stringify(firstWritten) : null)],
  path: ["text", ({ path }) => path],
  line: ["integer", ({ line }) => line],
  revision: ["bigint", ({ revision }) => revision],
  version_before: ["bigint", ({ versionBefore }) => versionBefore],
  version_after: ["bigint", ({ versionAfter }) => versionAfter],
  object_hash: ["text", ({ objectHash }) => objectHash],
  previous_hash: ["text", ({ previousHash }) => previousHash],
  hash: ["text", ({ hash }) => hash],
};

/** The event that a row holds. */
export function toEvent(row: EventRow): InformationEvent {
  return {
    id: row.id,
    time: row.time.toISOString(),
    parameterId: 64650,
    parameterName: "User-defined APIs",
    message: row.message,
    action: row.action,
    kind: row.kind,
    objectId: row.object_id,
    name: row.name,
    route: row.route,
    actor: { name: row.actor_name, email: row.actor_email, user: row.actor_user },
    ...(typeof row.by_gitway === "boolean" ? { byGitway: row.by_gitway } : {}),
    committer:
      row.committer_name === null ? null : { name: row.committer_name, email: row.committer_email ?? "" },
    contributors: row.contributors,
    releasedBy: row.released_by,
    commit: row.commit,
    ...(row.authored_at ? { authoredAt: row.authored_at.toISOString() } : {}),
    ...(row.first_written ? { firstWritten: row.first_written } : {}),
    path: row.path,
    line: row.line,
    revision: row.revision,
    versionBefore: row.version_before,
    versionAfter: row.version_after,
    objectHash: row.object_hash,
    previousHash: row.previous_hash,
    hash: row.hash,
  };
}
