import type { Log } from "../../log.ts";
import { type Kind, objectKey } from "../../manifest/manifest.ts";
import { claimOf, referencesOf } from "../../manifest/references.ts";
import type { CurrentState, DriftedObject, StoredObject } from "../../plan/plan.ts";
import type { Database, Session } from "../database.ts";
import { readVersions } from "../object-versions.ts";
import { lockPointer, readPointer, restorePointer } from "../pointer.ts";
import { findDrift } from "./find-drift.ts";
import { countHealing, isHealingDue } from "./heal-delay.ts";

/** Milliseconds after which all objects are looked at, even if nothing was noted. */
const fullCheckEvery = 10 * 60_000;

/** The channel that says "look again": the trigger tells of writes there that did not come from an apply. */
export const wakeChannel = "gitway_drift";

interface EpisodeRow {
  readonly kind: Kind;
  readonly id: string;
  readonly name: string;
  readonly what: DriftedObject["what"];
  readonly version: number | null;
  readonly expectedHash: string | null;
  readonly heals: number;
  readonly healedAt: Date | null;
}

const episodeColumns =
  'kind, object_id as id, name, what, version, expected_hash as "expectedHash", heals, healed_at as "healedAt"';

/** All objects that drifted, at this moment, in one snapshot. */
export function lookForDrift(database: Database): Promise<DriftedObject[]> {
  return database.transaction(findDrift, { snapshot: true });
}

/**
 * Changes with every write to a current row, whoever wrote it and with whatever triggers: each row version
 * names the transaction that wrote it.
 */
export const fingerprint = `(select concat_ws(' ', count(*), sum(version), sum(xmin::text::bigint))
  from gitway.object_version where to_revision is null)`;

/** Remembers the rows that an apply leaves. The caller holds the lock of the pointer. */
export async function rememberRows(session: Session): Promise<void> {
  await session.query(`update gitway.drift_check set fingerprint = ${fingerprint}`);
}

interface CheckState {
  readonly note: number | null;
  readonly checkedAt: Date | null;
  readonly isTouched: boolean;
  readonly fingerprint: string;
}

/**
 * Looks for drift when a row was written other than by an apply, or the last look is long ago, and remembers
 * what it found. Gives the objects whose episode began now.
 */
export async function checkDrift(database: Database, now: Date, log: Log): Promise<readonly DriftedObject[]> {
  const revision = await restorePointer(database);
  if (revision !== null)
    log.warn({ revision }, "the pointer to what is live was moved back behind Gitway's back");
  if (!isLookDue(await readCheck(database), now)) return [];
  const look = await database.transaction(
    async (session) => ({
      ...(await readPointer(session)),
      ...(await readCheck(session)),
      drifted: await findDrift(session),
    }),
    { snapshot: true },
  );
  return database.transaction(async (session) => {
    // What another writer has replaced meanwhile is no drift: the next pass looks again.
    if ((await lockPointer(session)).revision !== look.revision) return [];
    await session.query("delete from gitway.drift_note where id <= $1", [look.note]);
    await session.query("update gitway.drift_check set checked_at = $1, fingerprint = $2", [
      now,
      look.fingerprint,
    ]);
    return recordEpisodes(session, look.drifted, now);
  });
}

async function readCheck(session: Session): Promise<CheckState> {
  const [state] = await session.query<CheckState>(
    `with now as materialized (select ${fingerprint} as fingerprint)
     select (select max(id) from gitway.drift_note) as note, checked_at as "checkedAt",
       drift_check.fingerprint is distinct from now.fingerprint as "isTouched", now.fingerprint
     from gitway.drift_check, now`,
  );
  return state ?? { note: null, checkedAt: null, isTouched: true, fingerprint: "" };
}

function isLookDue({ note, checkedAt, isTouched }: CheckState, now: Date): boolean {
  if (note !== null || isTouched || checkedAt === null) return true;
  return Math.abs(now.getTime() - checkedAt.getTime()) >= fullCheckEvery;
}

async function recordEpisodes(
  session: Session,
  drifted: readonly DriftedObject[],
  now: Date,
): Promise<readonly DriftedObject[]> {
  const known = new Set((await readEpisodes(session)).map(objectKey));
  await session.query("update gitway.drift_episode set open = false where open");
  await session.query(
    `insert into gitway.drift_episode (kind, object_id, name, what, version, expected_hash, open, opened_at)
     select kind, object_id, name, what, version, expected_hash, true, $7
     from unnest($1::text[], $2::uuid[], $3::text[], $4::text[], $5::bigint[], $6::text[])
       as row (kind, object_id, name, what, version, expected_hash)
     on conflict (kind, object_id) do update set name = excluded.name, what = excluded.what,
       version = excluded.version, expected_hash = excluded.expected_hash, open = true`,
    [
      drifted.map(({ kind }) => kind),
      drifted.map(({ id }) => id),
      drifted.map(({ name }) => name),
      drifted.map(({ what }) => what),
      drifted.map(({ version }) => version),
      drifted.map(({ expectedHash }) => expectedHash),
      now,
    ],
  );
  return drifted.filter((each) => !known.has(objectKey(each)));
}

function readEpisodes(session: Session): Promise<EpisodeRow[]> {
  return session.query<EpisodeRow>(`select ${episodeColumns} from gitway.drift_episode where open`);
}

/**
 * The current objects as a plan should see them. A drifted one that may be healed has a hash that equals
 * none, or is left out when it is gone or unreadable; one that has to wait looks as its event left it.
 */
export async function withDrift(
  session: Session,
  objects: readonly StoredObject[],
  now: Date,
): Promise<Pick<CurrentState, "objects" | "drifted">> {
  const episodes = await readEpisodes(session);
  if (episodes.length === 0) return { objects };
  const byKey = new Map(episodes.map((episode) => [objectKey(episode), episode]));
  const seen = objects.flatMap((object) => {
    const episode = byKey.get(objectKey(object));
    return episode ? asSeen(object, episode, now) : [object];
  });
  const waiting = await readWaiting(session, episodes, now);
  const drifted = episodes.filter((episode) => isHealingDue(episode, now)).map(withoutHealing);
  return { objects: [...seen, ...waiting], ...(drifted.length > 0 ? { drifted } : {}) };
}

function asSeen(object: StoredObject, episode: EpisodeRow, now: Date): StoredObject[] {
  const stranger = episode.version !== null && episode.version !== object.version;
  if (stranger || !isReadable(object)) return [];
  if (isHealingDue(episode, now)) return [{ ...object, hash: `drifted, was ${episode.expectedHash}` }];
  return [{ ...object, hash: episode.expectedHash ?? object.hash }];
}

/** Versions that somebody ended, as long as healing them has to wait. One that was deleted can't wait. */
async function readWaiting(
  session: Session,
  episodes: readonly EpisodeRow[],
  now: Date,
): Promise<StoredObject[]> {
  const waiting = episodes.filter((episode) => episode.what === "missing" && !isHealingDue(episode, now));
  const versions = await readVersions(
    session,
    waiting.flatMap(({ version }) => version ?? []),
  );
  return waiting.flatMap(({ version, expectedHash }) => {
    const object = versions.get(version ?? 0);
    return object && isReadable(object) ? [{ ...object, hash: expectedHash ?? object.hash }] : [];
  });
}

/** Whether a plan can look at it: a stranger may have written anything. */
function isReadable(object: StoredObject): boolean {
  try {
    claimOf(object);
    referencesOf(object);
    return typeof object.spec === "object" && object.spec !== null && typeof object.files === "object";
  } catch {
    return false;
  }
}

function withoutHealing({ kind, id, name, what, version, expectedHash }: EpisodeRow): DriftedObject {
  return { kind, id, name, what, version, expectedHash };
}

/** Ends whatever counts as current of objects that drifted and are being written, and counts the healing. */
export async function healDrift(
  session: Session,
  objects: readonly Pick<StoredObject, "kind" | "id">[],
  revision: number,
  now: Date,
): Promise<void> {
  const keys = new Set(objects.map(objectKey));
  for (const episode of (await readEpisodes(session)).filter((each) => keys.has(objectKey(each)))) {
    await session.query(
      "update gitway.object_version set to_revision = $3 where kind = $1 and object_id = $2 and to_revision is null",
      [episode.kind, episode.id, revision],
    );
    await session.query(
      "update gitway.drift_episode set open = false, heals = $3, healed_at = $4 where kind = $1 and object_id = $2",
      [episode.kind, episode.id, countHealing(episode, now), now],
    );
  }
}

/** How many of some versions are no longer current because somebody ended them: known as missing. */
export async function countMissing(session: Session, versions: readonly number[]): Promise<number> {
  const rows = await session.query<unknown>(
    "select 1 from gitway.drift_episode where open and what = 'missing' and version = any($1::bigint[])",
    [versions],
  );
  return rows.length;
}
