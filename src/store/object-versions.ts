import type { GitwayObject, Kind, Manifest } from "../manifest/manifest.ts";
import { claimOf, routeOf } from "../manifest/references.ts";
import type { Attribution, Change, StoredObject } from "../plan/plan.ts";
import { storedIds } from "./dashboard-id-columns.ts";
import type { Session } from "./database.ts";

/** Rows of one statement: enough to be fast, few enough to keep statements small. */
const slice = 1000;

/** Where the manifest was last seen is where it stood, unless something else was noted. */
const columns = `version, kind, object_id, name, labels, annotations, spec, files, hash, object_version.commit,
  object_version.path as written_path, object_version.line as written_line,
  coalesce(sighting.path, object_version.path) as path, coalesce(sighting.line, object_version.line) as line,
  coalesce(sighting.origin, revision.origin) as origin`;
const tables = `gitway.object_version left join gitway.sighting using (version)
  left join gitway.revision on revision.number = from_revision`;

interface VersionRow {
  readonly version: number;
  readonly kind: Kind;
  readonly object_id: string;
  readonly name: string;
  readonly labels: Record<string, string>;
  readonly annotations: Record<string, string>;
  readonly spec: unknown;
  readonly files: Record<string, string>;
  readonly hash: string;
  readonly commit: string;
  readonly written_path: string;
  readonly written_line: number;
  readonly path: string;
  readonly line: number;
  readonly origin: string | null;
}

/** The current objects, of one kind or with one name when asked so, in the order of kinds and names. */
export async function readObjects(
  session: Session,
  filter: { readonly kind?: Kind; readonly name?: string } = {},
): Promise<StoredObject[]> {
  const rows = await session.query<VersionRow>(
    `select ${columns} from ${tables}
     where to_revision is null and kind = coalesce($1, kind) and name = coalesce($2, name)
     order by kind collate "C", name collate "C"`,
    [filter.kind ?? null, filter.name ?? null],
  );
  return rows.map(toObject);
}

/** The current objects that began after a revision. */
export async function readObjectsSince(session: Session, revision: number): Promise<StoredObject[]> {
  const rows = await session.query<VersionRow>(
    `select ${columns} from ${tables} where to_revision is null and from_revision > $1
     order by kind collate "C", name collate "C"`,
    [revision],
  );
  return rows.map(toObject);
}

/** A current version, and the transaction that wrote its row: whoever writes to it leaves another number. */
export interface CurrentRow {
  readonly object: StoredObject;
  readonly writer: number;
}

/** The current objects with who wrote their rows; for a revision, those that began after it. */
export async function readCurrentRows(session: Session, revision: number | null): Promise<CurrentRow[]> {
  const rows = await session.query<VersionRow & { readonly writer: number }>(
    `select ${columns}, object_version.xmin::text::bigint as writer from ${tables}
     where to_revision is null and ($1::bigint is null or from_revision > $1)
     order by kind collate "C", name collate "C"`,
    [revision],
  );
  return rows.map(({ writer, ...row }) => ({ object: toObject(row), writer }));
}

/** The versions that ended after a revision. */
export async function readEndedSince(session: Session, revision: number): Promise<number[]> {
  const rows = await session.query<{ version: number }>(
    "select version from gitway.object_version where to_revision > $1",
    [revision],
  );
  return rows.map(({ version }) => version);
}

/** The objects of which a version ended after a revision and none is current. */
export async function readRemovedSince(
  session: Session,
  revision: number,
): Promise<Pick<StoredObject, "kind" | "id">[]> {
  return session.query<Pick<StoredObject, "kind" | "id">>(
    `select distinct kind, object_id as id from gitway.object_version as ended
     where to_revision > $1 and not exists (
       select 1 from gitway.object_version as current
       where current.kind = ended.kind and current.object_id = ended.object_id and current.to_revision is null)
     order by kind, id`,
    [revision],
  );
}

/** The version of the current object of that kind and name. */
export async function findObject(
  session: Session,
  kind: Kind,
  name: string,
): Promise<StoredObject | undefined> {
  const [object] = await readObjects(session, { kind, name });
  return object;
}

function toObject(row: VersionRow): StoredObject {
  const { object_id: id, written_path: path, written_line: line, ...rest } = row;
  return { id, written: { path, line }, ...rest } as StoredObject;
}

/** Versions by their numbers, current or not. */
export async function readVersions(
  session: Session,
  versions: readonly number[],
): Promise<Map<number, StoredObject>> {
  const found = new Map<number, StoredObject>();
  for (let start = 0; start < versions.length; start += slice) {
    const rows = await session.query<VersionRow>(
      `select ${columns} from ${tables} where version = any($1::bigint[])`,
      [versions.slice(start, start + slice)],
    );
    for (const row of rows) found.set(row.version, toObject(row));
  }
  return found;
}

/** Ends versions with a revision, and says how many of them were current until then. */
export async function endVersions(
  session: Session,
  versions: readonly number[],
  revision: number,
): Promise<number> {
  if (versions.length === 0) return 0;
  const rows = await session.query<unknown>(
    "update gitway.object_version set to_revision = $2 where version = any($1::bigint[]) and to_revision is null returning 1",
    [versions, revision],
  );
  return rows.length;
}

/** An object and the change that it comes from, for a new version. */
export interface NewVersion {
  readonly object: Manifest;
  readonly attribution: Attribution;
}

/** Inserts versions that begin with a revision, and gives their numbers in the same order. */
export async function insertVersions(
  session: Session,
  added: readonly NewVersion[],
  revision: number,
): Promise<number[]> {
  const versions: number[] = [];
  for (let start = 0; start < added.length; start += slice)
    versions.push(...(await insertSlice(session, added.slice(start, start + slice), revision)));
  return versions;
}

async function insertSlice(
  session: Session,
  added: readonly NewVersion[],
  revision: number,
): Promise<number[]> {
  const rows = await session.query<{ version: number }>(
    `insert into gitway.object_version (kind, object_id, name, route, claim, labels, annotations, spec, files,
       hash, path, line, commit, dashboard_id, api_id, from_revision)
     select kind, object_id, name, route, claim, labels, annotations, spec, files, hash, path, line, commit,
       dashboard_id, api_id, $16
     from unnest($1::text[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::json[], $7::json[], $8::json[],
       $9::json[], $10::text[], $11::text[], $12::integer[], $13::text[], $14::text[], $15::text[]) with ordinality
       as row (kind, object_id, name, route, claim, labels, annotations, spec, files, hash, path, line, commit,
         dashboard_id, api_id, nth)
     order by nth
     returning version`,
    [
      added.map(({ object }) => object.kind),
      added.map(({ object }) => object.id),
      added.map(({ object }) => object.name),
      added.map(({ object }) => storable(routeOf(object))),
      added.map(({ object }) => storable(claimOf(object)?.key ?? null)),
      added.map(({ object }) => JSON.stringify(object.labels)),
      added.map(({ object }) => JSON.stringify(object.annotations)),
      added.map(({ object }) => JSON.stringify(object.spec)),
      added.map(({ object }) => JSON.stringify(object.files)),
      added.map(({ object }) => object.hash),
      added.map(({ object }) => storable(object.place.file)),
      added.map(({ object }) => object.place.line),
      added.map(({ attribution }) => attribution.commit),
      added.map(({ object }) => storedIds(object).dashboardId),
      added.map(({ object }) => storedIds(object).apiId),
      revision,
    ],
  );
  // Ascending numbers are in the order in which the rows were given.
  return rows.map(({ version }) => version).sort((a, b) => a - b);
}

/** A text column can't hold NUL characters or half surrogate pairs; the replacement character stands for them. */
export function storable<Text extends string | null>(text: Text): Text {
  return (text === null ? null : text.replaceAll(unstorable, "\uFFFD")) as Text;
}

// oxlint-disable-next-line no-control-regex -- it is what Postgres cannot keep
const unstorable = /[\0\p{Surrogate}]/gu;

/** The state in which a change leaves its object, or in which it found it. */
export function objectOfChange(change: Change): GitwayObject {
  return change.action === "delete" ? change.before : change.after;
}
