import { objectKey, type Kind } from "../../manifest/manifest.ts";
import type { DriftedObject } from "../../plan/plan.ts";
import type { Session } from "../database.ts";
import { toEvent, type EventRow } from "../events/event-row.ts";
import { findChangedVersions } from "../events/event-versions.ts";

/** Events at a time, with the versions that they refer to. */
const slice = 100;

/** What the newest event of an object says that it is. */
interface Expected {
  readonly event: number;
  readonly kind: Kind;
  readonly id: string;
  readonly name: string;
  /** Null when the object was deleted. */
  readonly version: number | null;
  readonly hash: string | null;
}

/** A version that counts as current. */
interface Actual {
  readonly version: number;
  readonly kind: Kind;
  readonly id: string;
  readonly name: string;
}

/**
 * The objects that are not as the newest event left them: changed, gone, or come from nowhere. Reads all
 * objects, in slices; the caller gives a transaction with one snapshot.
 */
export async function findDrift(session: Session): Promise<DriftedObject[]> {
  const expected = await readExpected(session);
  const actual = await readActual(session);
  const current = new Set(actual.map(({ version }) => version));
  const wanted = new Map(
    expected.flatMap((each) => (each.version === null ? [] : [[each.version, each] as const])),
  );
  const present = expected.filter(({ version }) => version !== null && current.has(version));
  const changed = await findChanged(session, present);
  const drifted = [
    ...[...wanted.values()].filter(({ version }) => version !== null && !current.has(version)).map(missing),
    ...changed.map(changedObject),
  ];
  return withUnexpected(
    drifted,
    actual.filter(({ version }) => !wanted.has(version)),
    present,
  );
}

/** A stranger's version of an object that is there too makes that one drift: healing it ends both. */
function withUnexpected(
  drifted: readonly DriftedObject[],
  strangers: readonly Actual[],
  present: readonly Expected[],
): DriftedObject[] {
  const found = new Map(drifted.map((each) => [objectKey(each), each]));
  const known = new Map(present.map((each) => [objectKey(each), each]));
  for (const stranger of strangers) {
    const key = objectKey(stranger);
    const holder = known.get(key);
    if (!found.has(key)) found.set(key, holder ? changedObject(holder) : unexpected(stranger));
  }
  return [...found.values()];
}

function missing({ kind, id, name, version, hash }: Expected): DriftedObject {
  return { kind, id, name, what: "missing", version, expectedHash: hash };
}

function changedObject({ kind, id, name, version, hash }: Expected): DriftedObject {
  return { kind, id, name, what: "changed", version, expectedHash: hash };
}

function unexpected({ kind, id, name }: Actual): DriftedObject {
  return { kind, id, name, what: "unexpected", version: null, expectedHash: null };
}

function readExpected(session: Session): Promise<Expected[]> {
  return session.query<Expected>(
    `select distinct on (kind, object_id) id as event, kind, object_id as id, name, version_after as version,
       object_hash as hash
     from gitway.event where num_nonnulls(version_before, version_after) > 0
     order by kind, object_id, gitway.event.id desc`,
  );
}

function readActual(session: Session): Promise<Actual[]> {
  return session.query<Actual>(
    "select version, kind, object_id as id, name from gitway.object_version where to_revision is null order by version",
  );
}

/** Those whose version differs from what its event says: content, name, route, place. */
async function findChanged(session: Session, present: readonly Expected[]): Promise<Expected[]> {
  const changed: Expected[] = [];
  for (let start = 0; start < present.length; start += slice) {
    const some = present.slice(start, start + slice);
    const rows = await session.query<EventRow>("select * from gitway.event where id = any($1::bigint[])", [
      some.map(({ event }) => event),
    ]);
    const differing = await findChangedVersions(session, rows.map(toEvent));
    changed.push(...some.filter(({ event }) => differing.has(event)));
  }
  return changed;
}
