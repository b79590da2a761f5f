import type { CurrentState, StoredObject } from "../plan/plan.ts";
import type { Database, Session } from "./database.ts";
import { fingerprint, withDrift } from "./drift.ts";
import { readCurrentRows, readEndedSince, type CurrentRow } from "./object-versions.ts";
import { readPointer } from "./pointer.ts";

/** Rows that were read, to be held against the store the next time. */
interface Known {
  readonly revision: number;
  readonly fingerprint: string;
  /** By version, in the order of kinds and names. */
  readonly rows: ReadonlyMap<number, CurrentRow>;
  readonly objects: readonly StoredObject[];
}

/**
 * Reads the objects that the revision pointer sees, in one snapshot; drifted ones so that a plan heals them.
 * What was read before is not read again while the fingerprint of the rows says that nobody wrote to it.
 */
export function createCurrentReader(database: Database): (now: Date) => Promise<CurrentState> {
  let known: Known | null = null;
  return (now) =>
    database.transaction(
      async (session) => {
        const { revision } = await readPointer(session);
        known = await readKnown(session, known, revision);
        return {
          revision,
          origin: await readOrigin(session, revision),
          ...(await withDrift(session, known.objects, now)),
        };
      },
      { snapshot: true },
    );
}

async function readKnown(session: Session, known: Known | null, revision: number): Promise<Known> {
  const [row] = await session.query<{ fingerprint: string }>(`select ${fingerprint} as fingerprint`);
  const mark = { revision, fingerprint: row?.fingerprint ?? "" };
  if (known?.fingerprint === mark.fingerprint) return { ...known, revision };
  const rows =
    (known && (await readDifference(session, known, mark.fingerprint))) ?? (await readAll(session));
  return { ...mark, rows, objects: [...rows.values()].map(({ object }) => object) };
}

type Rows = Known["rows"];

async function readAll(session: Session): Promise<Rows> {
  return byVersion(await readCurrentRows(session, null));
}

/** What revisions have changed since. Null when somebody else wrote as well, of which no revision tells. */
async function readDifference(session: Session, known: Known, fingerprint: string): Promise<Rows | null> {
  const ended = new Set(await readEndedSince(session, known.revision));
  const added = await readCurrentRows(session, known.revision);
  const kept = [...known.rows.values()].filter(({ object }) => !ended.has(object.version));
  const rows = byVersion([...kept, ...added].toSorted(byKindAndName));
  return fingerprintOf(rows) === fingerprint ? rows : null;
}

function byVersion(rows: readonly CurrentRow[]): Rows {
  return new Map(rows.map((row) => [row.object.version, row]));
}

/** The same as `fingerprint` makes of the rows where they are. */
function fingerprintOf(rows: Rows): string {
  let [versions, writers] = [0, 0];
  for (const { object, writer } of rows.values()) {
    versions += object.version;
    writers += writer;
  }
  return rows.size === 0 ? "0" : `${rows.size} ${versions} ${writers}`;
}

function byKindAndName({ object: a }: CurrentRow, { object: b }: CurrentRow): number {
  if (a.kind !== b.kind) return a.kind < b.kind ? -1 : 1;
  return a.name === b.name ? 0 : a.name < b.name ? -1 : 1;
}

async function readOrigin(session: Session, revision: number): Promise<string | null> {
  const [mark] = await session.query<{ origin: string }>(
    "select origin from gitway.revision where number = $1",
    [revision],
  );
  return mark?.origin ?? null;
}
