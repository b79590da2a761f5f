import { deriveId } from "../manifest/identity.ts";
import { quoteForPeople } from "../manifest/pointer.ts";
import type { DashboardProblem } from "./fields.ts";
import { isObject, jsonType, type JsonObject, ownField } from "./json-object.ts";
import type { ExchangedKind } from "./notation.ts";
import { slugOf, type TakenNames } from "./slug.ts";

/** What identifies an object, and the notes about it. */
export interface Metadata {
  readonly name: string;
  /** The explicit `metadata.id`; absent when it derives from the name. */
  readonly id?: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

/** The object that a request is about, and the others of its kind. */
export interface Namesakes {
  /** The object that is updated; null to create one. */
  readonly previous: Metadata | null;
  /** The names of all objects of the kind. */
  readonly takenNames: TakenNames;
}

/** The member `gitway` of a request: its metadata, and the refinements of the spec. */
export interface GitwayMember {
  readonly metadata: Metadata;
  readonly spec: JsonObject;
  readonly problems: readonly DashboardProblem[];
}

/** The fields of `gitway` that are not part of the spec. The last three are only ever printed. */
const otherFields = new Set([
  "name",
  "id",
  "labels",
  "annotations",
  "withoutEffect",
  "createdBy",
  "updatedBy",
]);

/** Reads the member `gitway`. A new object is named after its title, unless `gitway` chooses a name. */
export function readGitwayMember(
  kind: ExchangedKind,
  gitway: JsonObject,
  title: unknown,
  { previous, takenNames }: Namesakes,
): GitwayMember {
  const fallback = kind === "ApiDefinition" ? "api" : "webhook";
  const free = () => slugOf(typeof title === "string" ? title : "", takenNames, fallback);
  const name = textIn(gitway, "name") ?? previous?.name ?? free();
  const stored = previous?.id === deriveId(kind, previous?.name ?? "") ? undefined : previous?.id;
  const id = textIn(gitway, "id") ?? stored;
  const metadata = {
    name,
    ...(id === undefined ? {} : { id }),
    labels: notesOf(gitway, "labels", previous),
    annotations: notesOf(gitway, "annotations", previous),
  } as Metadata;
  return {
    metadata,
    spec: Object.fromEntries(Object.entries(gitway).filter(([name]) => !otherFields.has(name))),
    problems: [...typeProblems(gitway), ...identityProblems(metadata, previous, takenNames)],
  };
}

function textIn(gitway: JsonObject, field: "name" | "id"): string | undefined {
  const value = ownField(gitway, field);
  return typeof value === "string" ? value : undefined;
}

/** What is no text identifies nothing: the object is read as if it were absent. */
function typeProblems(gitway: JsonObject): DashboardProblem[] {
  return (["name", "id"] as const)
    .filter((field) => (ownField(gitway, field) ?? null) !== null && textIn(gitway, field) === undefined)
    .map((field) => ({
      field: `gitway.${field}`,
      code: "invalid-type",
      message: `gitway.${field}: Invalid type. Expected: string, given: ${jsonType(gitway[field])}`,
    }));
}

function notesOf(gitway: JsonObject, name: "labels" | "annotations", previous: Metadata | null): unknown {
  return Object.hasOwn(gitway, name) ? (gitway[name] ?? {}) : (previous?.[name] ?? {});
}

/** An object can't get another name or id here: that would be a deletion and an addition. */
function identityProblems(
  { name, id }: Metadata,
  previous: Metadata | null,
  takenNames: TakenNames,
): DashboardProblem[] {
  const says = (field: string, code: string, flaw: string): DashboardProblem[] => [
    { field: `gitway.${field}`, code, message: `gitway.${field}: ${flaw}` },
  ];
  if (!previous)
    return takenNames.has(name) ? says("name", "duplicate-name", `${quoteForPeople(name)} is taken`) : [];
  if (name !== previous.name)
    return says("name", "name-changed", `can't be changed from ${quoteForPeople(previous.name)}`);
  return id !== undefined && id !== previous.id ? says("id", "id-changed", "can't be changed") : [];
}

/** The metadata in the member `gitway`. */
export function writeMetadata(kind: ExchangedKind, { name, id, labels, annotations }: Metadata): JsonObject {
  return {
    name,
    ...(id === undefined || id === deriveId(kind, name) ? {} : { id }),
    ...(Object.keys(labels).length === 0 ? {} : { labels }),
    ...(Object.keys(annotations).length === 0 ? {} : { annotations }),
  };
}

/** The member `gitway`, or an empty object for a request without it. */
export function gitwayOf(request: JsonObject): JsonObject {
  const gitway = ownField(request, "gitway");
  return isObject(gitway) ? gitway : {};
}
