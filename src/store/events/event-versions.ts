import { hashObject } from "../../manifest/canonical.ts";
import type { GitwayObject, Kind } from "../../manifest/manifest.ts";
import { claimOf } from "../../manifest/references.ts";
import { isIntact } from "../blobs.ts";
import { storedIds } from "../dashboard-id-columns.ts";
import type { Session } from "../database.ts";
import type { InformationEvent } from "../information-event.ts";
import { storable } from "../object-versions.ts";
import { isOwnDoing } from "./own-doing.ts";

/** Versions at a time: each may be as large as a manifest. */
const slice = 50;

/** What of an object version is compared with the events that refer to it; not its content. */
interface VersionFacts {
  readonly version: number;
  readonly kind: Kind;
  readonly objectId: string;
  readonly name: string;
  readonly route: string | null;
  readonly path: string;
  readonly line: number;
  /** Where it was last seen, and so where it was deleted. */
  readonly seen: { readonly path: string; readonly line: number };
  readonly commit: string;
  readonly fromRevision: number;
  readonly toRevision: number | null;
  readonly hash: string;
  /** The hash that the content has. */
  readonly contentHash: string;
  /** The files that it refers to whose content is gone, or is not what it was. */
  readonly changedFiles: readonly string[];
  /** Whether what it is unique by is that of its content. */
  readonly isUniqueBy: boolean;
}

interface VersionRow extends Omit<VersionFacts, "contentHash" | "isUniqueBy" | "seen"> {
  readonly seenPath: string;
  readonly seenLine: number;
  readonly claim: string | null;
  readonly dashboardId: string | null;
  readonly apiId: string | null;
  readonly labels: unknown;
  readonly annotations: unknown;
  readonly spec: unknown;
  readonly files: unknown;
}

/**
 * The events whose object version is not as they left it: content, name, route, place, and what keeps
 * routes and ids unique. For versions that are current.
 */
export async function findChangedVersions(
  session: Session,
  events: readonly InformationEvent[],
): Promise<ReadonlySet<number>> {
  const versions = await readFacts(
    session,
    events.flatMap(({ versionAfter }) => versionAfter ?? []),
  );
  const changed = events.filter((event) => {
    const fits = versions.get(event.versionAfter ?? 0)?.isUniqueBy ?? false;
    return !fits || afterDifferences(event, versions).length > 0;
  });
  return new Set(changed.map(({ id }) => id));
}

/** How events differ from the object versions that they refer to, in sentences, by number of event. */
export async function compareWithVersions(
  session: Session,
  events: readonly InformationEvent[],
): Promise<ReadonlyMap<number, readonly string[]>> {
  const numbers = events.flatMap(({ versionBefore, versionAfter }) => [versionBefore, versionAfter]);
  const versions = await readFacts(
    session,
    [...new Set(numbers)].filter((each) => each !== null),
  );
  return new Map(
    events.map((event) => [
      event.id,
      [...beforeDifferences(event, versions), ...afterDifferences(event, versions)],
    ]),
  );
}

type Versions = ReadonlyMap<number, VersionFacts>;

function afterDifferences(event: InformationEvent, versions: Versions): string[] {
  if (event.versionAfter === null) return [];
  const version = versions.get(event.versionAfter);
  if (!version) return [`Version ${event.versionAfter} is not in the store.`];
  const { objectHash, revision } = event;
  return [
    ...differing(event, version, ["kind", "objectId", "name", "route", "commit", "path", "line"]),
    ...contentDifferences(version),
    ...(objectHash === version.hash ? [] : [`Version ${version.version} is not what the event put there.`]),
    ...(revision === version.fromRevision
      ? []
      : [`Version ${version.version} is of revision ${version.fromRevision}.`]),
  ];
}

/** The content of a version is compared at the event that made it, and only there. */
function beforeDifferences(event: InformationEvent, versions: Versions): string[] {
  if (event.versionBefore === null) return [];
  const version = versions.get(event.versionBefore);
  if (!version) return [`Version ${event.versionBefore} is not in the store.`];
  // What Gitway removes of itself came from a stranger, who may have made it inconsistent.
  const isWhole = event.versionAfter === null && !isOwnDoing(event);
  const asSeen = { ...version, ...version.seen };
  return [
    ...differing(event, asSeen, isWhole ? ofDeleted : ["kind", "objectId"]),
    ...(version.toRevision === null ? [`Version ${version.version} did not end.`] : []),
  ];
}

const ofDeleted = ["kind", "objectId", "name", "route", "path", "line"] as const;

type Shared = "kind" | "objectId" | "name" | "route" | "commit" | "path" | "line";

function differing(event: InformationEvent, version: VersionFacts, fields: readonly Shared[]): string[] {
  return fields
    .filter((field) => event[field] !== version[field])
    .map(
      (field) =>
        `Its ${field} is ${text(event[field])}, and version ${version.version} says ${text(version[field])}.`,
    );
}

function contentDifferences({ version, hash, contentHash, changedFiles }: VersionFacts): string[] {
  return [
    ...(hash === contentHash
      ? []
      : [`Version ${version} does not have the content that it was hashed with.`]),
    ...changedFiles.map(
      (file) => `The content of '${file}' in version ${version} is not in the store as it was hashed.`,
    ),
  ];
}

function text(value: string | number | null): string {
  return value === null ? "none" : `'${value}'`;
}

/** SQL for the files of a version without intact content. A stranger may have written any JSON. */
const changedFiles = `case when json_typeof(files) = 'object' then array(
  select key from json_each_text(files) where not exists (
    select 1 from gitway.blob where digest = value and ${isIntact}) order by key) else '{}' end`;

async function readFacts(session: Session, numbers: readonly number[]): Promise<Map<number, VersionFacts>> {
  const facts = new Map<number, VersionFacts>();
  for (let start = 0; start < numbers.length; start += slice) {
    const rows = await session.query<VersionRow>(
      `select version, kind, object_id as "objectId", name, route, object_version.path, object_version.line,
         coalesce(sighting.path, object_version.path) as "seenPath",
         coalesce(sighting.line, object_version.line) as "seenLine", commit, hash,
         from_revision as "fromRevision", to_revision as "toRevision", claim,
         dashboard_id as "dashboardId", api_id as "apiId", labels, annotations, spec, files,
         ${changedFiles} as "changedFiles"
       from gitway.object_version left join gitway.sighting using (version) where version = any($1::bigint[])`,
      [numbers.slice(start, start + slice)],
    );
    for (const row of rows) facts.set(row.version, factsOf(row));
  }
  return facts;
}

function factsOf(row: VersionRow): VersionFacts {
  const { claim, dashboardId, apiId, labels, annotations, spec, files, seenPath, seenLine, ...rest } = row;
  const seen = { path: seenPath, line: seenLine };
  const { kind, objectId: id, name } = rest;
  const content = { kind, id, name, labels, annotations, spec, files };
  const unique = uniqueIn(content as GitwayObject);
  const fits =
    unique !== null &&
    claim === unique.claim &&
    // Null where another has it, of a time that did not refuse that.
    (dashboardId ?? unique.dashboardId) === unique.dashboardId &&
    (apiId ?? unique.apiId) === unique.apiId;
  return { ...rest, seen, contentHash: hashObject(content), isUniqueBy: fits };
}

/** What a version is unique by; null when that can't be said, since a stranger may have written any content. */
function uniqueIn(content: GitwayObject) {
  try {
    return { claim: storable(claimOf(content)?.key ?? null), ...storedIds(content) };
  } catch {
    return null;
  }
}
