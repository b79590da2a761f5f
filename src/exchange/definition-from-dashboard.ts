import type { ApiDefinitionSpec } from "../manifest/api-definition.generated.ts";
import { deriveId } from "../manifest/identity.ts";
import { quoteForPeople } from "../manifest/pointer.ts";
import { type DashboardIds, derivedIds, isApiId } from "./dashboard-ids.ts";
import {
  type DefinitionObject,
  definitionNotation,
  type DefinitionSurroundings,
} from "./definition-notation.ts";
import { type DashboardContext, definitionSides } from "./definition-to-dashboard.ts";
import { embeddedHandlers, readEvents } from "./event-section.ts";
import { type DashboardProblem, readFields, readableField } from "./fields.ts";
import { isObject, type JsonObject, objectAt, ownField } from "./json-object.ts";
import { keptSecrets } from "./kept-secrets.ts";
import { nativeProblems } from "./native-problems.ts";
import { meaningOf, shown, withDefaults } from "./notation.ts";
import { writeAddress } from "./proxy-section.ts";
import { areEqual, reconcile, refined } from "./refine.ts";
import { slugOf } from "./slug.ts";
import { unstorable } from "./unstorable.ts";
import type { NewWebhook } from "./webhook-book.ts";

/** What must be known to take over a definition of the Dashboard API. */
export interface ReadingContext extends DashboardContext {
  /** The object that is updated; null to create one. */
  readonly previous: DefinitionObject | null;
  /** The names of all definitions. */
  readonly takenNames: ReadonlySet<string>;
  /** Whether a new definition keeps the `id` and `api_id` of the request, as an import wants it. */
  readonly keepIds: boolean;
  /** Whether fields that the Dashboard API requires must be there. */
  readonly strict: boolean;
}

/** A definition as a manifest would say it, with all defaults. */
export interface ReadDefinition {
  readonly kind: "ApiDefinition";
  readonly name: string;
  /** The explicit `metadata.id`; null when it derives from the name. */
  readonly id: string | null;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly spec: ApiDefinitionSpec;
}

/** What a request says, or all that is wrong with it. */
export type DefinitionReading =
  | {
      readonly definition: ReadDefinition;
      /** Webhooks that it refers to and that must be created with it. */
      readonly webhooks: readonly NewWebhook[];
      readonly problems: readonly [];
    }
  | { readonly definition: null; readonly problems: readonly DashboardProblem[] };

/**
 * Takes over what a client sent: the wrapper with `api_definition`, `hook_references` and `gitway`. A new
 * definition gets the defaults of the Dashboard API (facts 1.6). An update replaces what the notation says,
 * but for ids, listen path and `active`, which stay when they are absent, as does what only `gitway` says.
 */
export function definitionFromDashboard(wrapper: unknown, context: ReadingContext): DefinitionReading {
  const shape = shapeProblems(wrapper);
  if (shape.length > 0) return { definition: null, problems: shape };
  const {
    api_definition,
    gitway,
    created_at: _created,
    updated_at: _updated,
    ...others
  } = wrapper as JsonObject;
  const refinement = isObject(gitway) ? gitway : {};
  const before = context.previous && definitionSides(context.previous, context);
  const metadata = metadataOf(refinement, api_definition as JsonObject, context);
  const ids = derivedIds(metadata.id ?? deriveId("ApiDefinition", metadata.name));
  const given = completed(
    { ...(api_definition as JsonObject), wrapper: others },
    refinement,
    ids,
    context,
    before,
  );
  const surroundings: DefinitionSurroundings = {
    ...context,
    name: metadata.name,
    ids,
    embedded: embeddedHandlers(ownField(objectAt(before?.definition ?? {}, "wrapper"), "hook_references")),
  };
  const { name: _name, id: _id, labels: _labels, annotations: _annotations, ...spec } = refinement;
  return read(given, spec, { metadata, before, surroundings, context });
}

type DefinitionSides = ReturnType<typeof definitionSides>;

interface Metadata {
  readonly name: string;
  readonly id: string | null;
  readonly labels: unknown;
  readonly annotations: unknown;
}

interface Request {
  readonly metadata: Metadata;
  readonly before: DefinitionSides | null;
  readonly surroundings: DefinitionSurroundings;
  readonly context: ReadingContext;
}

function read(given: JsonObject, refinement: JsonObject, request: Request): DefinitionReading {
  const { metadata, before, surroundings, context } = request;
  const notation = definitionNotation(surroundings);
  const { said, problems: flaws } = meaningOf(notation, given);
  const problems = [...flaws, ...nameProblems(metadata, context), ...keptSecrets(said.dashboard)];
  const check = (spec: JsonObject): DashboardProblem[] =>
    nativeProblems("ApiDefinition", {
      metadata: manifestMetadata(metadata),
      spec,
      given,
      routeBase: context.routeBase,
    });
  const whole = refined({ ...said }, refinement);
  const wrong = check({ action: { reply: {} }, ...whole });
  if (wrong.length > 0) return failed(problems, wrong);
  const { said: refinedNotation } = meaningOf(
    notation,
    shown(notation, withDefaults("ApiDefinition", whole)),
  );
  const previous = before && { value: context.previous?.spec, notation: before.said };
  const sides = { notation: said, refinement, refinedNotation, previous };
  const together = reconcile(sides, (path) => problems.push(contradiction(path)), [
    "dashboard",
  ]) as JsonObject;
  const spec = withoutInherited(together, refinement, context.previous);
  const rest = check(spec);
  if (problems.length + rest.length > 0) return failed(problems, rest);
  return {
    definition: {
      kind: "ApiDefinition",
      ...(metadata as Pick<ReadDefinition, "name" | "id" | "labels" | "annotations">),
      spec: withDefaults("ApiDefinition", spec) as ApiDefinitionSpec,
    },
    webhooks: readEvents(readFields(given), surroundings).created,
    problems: [],
  };
}

/**
 * Versions without rules have those of the definition, and are printed with them. Once the versions were
 * changed, they say it all.
 */
function withoutInherited(
  { paths, ...spec }: JsonObject,
  refinement: JsonObject,
  previous: DefinitionObject | null,
): JsonObject {
  const chosen = refinement["paths"] ?? previous?.spec.paths;
  const isOld = previous !== null && areEqual(chosen, previous.spec.paths);
  const isChanged = spec["versions"] !== undefined && !areEqual(spec["versions"], previous?.spec.versions);
  return paths === undefined || (isOld && isChanged) ? spec : { ...spec, paths };
}

/** One problem for each field: a value that is of the wrong type isn't also too short. */
function failed(problems: readonly DashboardProblem[], more: readonly DashboardProblem[]): DefinitionReading {
  const fields = new Set(problems.map(({ field }) => field));
  const messages = new Set(problems.map(({ message }) => message));
  return {
    definition: null,
    problems: [
      ...problems,
      ...more.filter(({ field, message }) => !fields.has(field) && !messages.has(message)),
    ],
  };
}

function contradiction(path: string): DashboardProblem {
  const field = readableField(`/gitway${path}`);
  return {
    field,
    code: "contradiction",
    message: `${field}: contradicts api_definition: change one of the two`,
  };
}

function shapeProblems(wrapper: unknown): DashboardProblem[] {
  if (!isObject(wrapper)) return [wrongType("(root)", wrapper)];
  const unusable = unstorable(wrapper);
  if (unusable.length > 0) return unusable;
  const definition = ownField(wrapper, "api_definition") ?? null;
  if (definition === null)
    return [{ field: "(root)", code: "required", message: "(root): api_definition is required" }];
  const gitway = ownField(wrapper, "gitway") ?? {};
  return [
    ...(isObject(definition) ? [] : [wrongType("api_definition", definition)]),
    ...(isObject(gitway) ? [] : [wrongType("gitway", gitway)]),
  ];
}

function wrongType(field: string, value: unknown): DashboardProblem {
  const given = Array.isArray(value) ? "array" : value === null ? "null" : typeof value;
  return {
    field,
    code: "invalid-type",
    message: `${field}: Invalid type. Expected: object, given: ${given}`,
  };
}

/** The name of a new definition comes from its title, unless `gitway` chooses one. */
function metadataOf(
  gitway: JsonObject,
  apiDefinition: JsonObject,
  { previous, takenNames }: ReadingContext,
): Metadata {
  const title = ownField(apiDefinition, "name");
  const wanted = ownField(gitway, "name") ?? previous?.name;
  const name =
    typeof wanted === "string" ? wanted : slugOf(typeof title === "string" ? title : "", takenNames, "api");
  const derived = previous?.id === deriveId("ApiDefinition", previous?.name ?? "");
  const id = ownField(gitway, "id") ?? (previous && !derived ? previous.id : null);
  return {
    name,
    id: typeof id === "string" ? id : null,
    labels: orBefore(gitway, "labels", previous),
    annotations: orBefore(gitway, "annotations", previous),
  };
}

function orBefore(
  gitway: JsonObject,
  name: "labels" | "annotations",
  previous: DefinitionObject | null,
): unknown {
  return Object.hasOwn(gitway, name) ? (gitway[name] ?? {}) : (previous?.[name] ?? {});
}

function manifestMetadata({ name, id, labels, annotations }: Metadata): JsonObject {
  return { name, ...(id === null ? {} : { id }), labels, annotations };
}

/** An object can't get another name or id here: that would be a deletion and an addition. */
function nameProblems({ name, id }: Metadata, { previous, takenNames }: ReadingContext): DashboardProblem[] {
  const said = (field: string, code: string, flaw: string): DashboardProblem[] => [
    { field: `gitway.${field}`, code, message: `gitway.${field}: ${flaw}` },
  ];
  if (!previous)
    return takenNames.has(name) ? said("name", "duplicate-name", `${quoteForPeople(name)} is taken`) : [];
  if (name !== previous.name)
    return said("name", "name-changed", `can't be changed from ${quoteForPeople(previous.name)}`);
  if (id !== null && id !== previous.id) return said("id", "id-changed", "can't be changed");
  return [];
}

/** A definition with what the API fills in (Dashboard facts 1.6, 1.10). */
function completed(
  { id, api_id, ...given }: JsonObject,
  gitway: JsonObject,
  ids: DashboardIds,
  { keepIds, strict, routeBase }: ReadingContext,
  before: DefinitionSides | null,
): JsonObject {
  const stored = before?.definition ?? {};
  const kept = before || keepIds ? { id: id || stored["id"], api_id: api_id || stored["api_id"] } : {};
  const apiId = typeof kept.api_id === "string" && isApiId(kept.api_id) ? kept.api_id : ids.apiId;
  const proxy = ownField(given, "proxy");
  return {
    ...kept,
    ...given,
    active: given["active"] ?? stored["active"] ?? !strict,
    ...(isObject(proxy)
      ? { proxy: completedProxy(proxy, gitway, objectAt(stored, "proxy"), apiId, routeBase) }
      : {}),
  };
}

function completedProxy(
  proxy: JsonObject,
  gitway: JsonObject,
  stored: JsonObject,
  apiId: string,
  routeBase: string,
): JsonObject {
  const { listen_path, strip_listen_path } = proxy;
  if (listen_path)
    return { ...proxy, strip_listen_path: strip_listen_path ?? stored["strip_listen_path"] ?? false };
  const { route, listenPath } = gitway;
  const chosen = writeAddress(
    {
      ...(typeof route === "string" ? { route } : {}),
      ...(typeof listenPath === "string" ? { listenPath } : {}),
    },
    routeBase,
  );
  return {
    ...proxy,
    listen_path: stored["listen_path"] ?? (chosen || `/${apiId}/`),
    strip_listen_path: strip_listen_path ?? stored["strip_listen_path"] ?? true,
  };
}
