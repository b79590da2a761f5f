import type { ApiDefinitionSpec } from "../manifest/api-definition.generated.ts";
import { type DashboardIds, derivedIds, isApiId } from "../manifest/dashboard-ids.ts";
import { deriveId } from "../manifest/identity.ts";
import { type DefinitionObject, definitionNotation } from "./definition-notation.ts";
import { type DashboardContext, type DefinitionSides, definitionSides } from "./definition-to-dashboard.ts";
import { embeddedHandlers, readEvents } from "./event-section.ts";
import { type DashboardProblem, readFields } from "./fields.ts";
import { gitwayOf, type Metadata, readGitwayMember } from "./gitway-member.ts";
import { isObject, type JsonObject, objectAt, ownField } from "./json-object.ts";
import type { Said } from "./notation.ts";
import { writeAddress } from "./proxy-section.ts";
import { areEqual } from "./refine.ts";
import type { TakenNames } from "./slug.ts";
import { formProblems, type SpecSides, takeOver } from "./take-over.ts";
import type { NewWebhook } from "./webhook-book.ts";

/** What must be known to take over a definition of the Dashboard API. */
export interface ReadingContext extends DashboardContext {
  /** The object that is updated; null to create one. */
  readonly previous: DefinitionObject | null;
  /** The names of all definitions. */
  readonly takenNames: TakenNames;
  /** Whether a new definition keeps the `id` and `api_id` of the request, as an import wants it. */
  readonly keepIds: boolean;
  /** Whether fields that the Dashboard API requires must be there. */
  readonly strict: boolean;
}

/** A definition as a manifest would say it, with all defaults. Files are paths in the repository. */
export interface ReadDefinition extends Metadata {
  readonly kind: "ApiDefinition";
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
  | {
      readonly definition: null;
      readonly problems: readonly DashboardProblem[];
      /** What could be read of its spec all the same. Nothing about the fields is certain. */
      readonly draft: JsonObject;
    };

/**
 * Takes over what a client sent: the wrapper with `api_definition`, `hook_references` and `gitway`. A new
 * definition gets the defaults of the Dashboard API (facts 1.6). An update replaces what the notation says,
 * but for ids, listen path and `active`, which stay when they are absent, as does what only `gitway` says.
 */
export function definitionFromDashboard(wrapper: unknown, context: ReadingContext): DefinitionReading {
  const flaws = formProblems(wrapper, ["api_definition", "gitway"]);
  if (flaws.length > 0 || !isObject(wrapper)) return { definition: null, problems: flaws, draft: {} };
  const { api_definition, gitway: _gitway, created_at: _created, updated_at: _updated, ...others } = wrapper;
  if (!isObject(api_definition)) return { definition: null, problems: [missingDefinition], draft: {} };
  const gitway = readGitwayMember("ApiDefinition", gitwayOf(wrapper), api_definition["name"], context);
  const { metadata } = gitway;
  const before = context.previous && definitionSides(context.previous, context);
  const ids = derivedIds(context.previous?.id ?? metadata.id ?? deriveId("ApiDefinition", metadata.name));
  const given = completed({ ...api_definition, wrapper: others }, gitway.spec, ids, context, before);
  const embedded = embeddedHandlers(
    ownField(objectAt(before?.definition ?? {}, "wrapper"), "hook_references"),
  );
  const surroundings = { ...context, name: metadata.name, ids, embedded };
  const previous = before && context.previous && { value: context.previous.spec, notation: before.said };
  const taken = takeOver({
    notation: definitionNotation(surroundings),
    given,
    gitway,
    previous,
    routeBase: context.routeBase,
    settle: (spec, said) => withoutInherited(spec, said, gitway.spec, previous),
  });
  if (taken.spec === null) return { definition: null, problems: taken.problems, draft: taken.draft };
  return {
    definition: { kind: "ApiDefinition", ...metadata, spec: taken.spec as ApiDefinitionSpec },
    webhooks: readEvents(readFields(given), surroundings).created,
    problems: [],
  };
}

const missingDefinition: DashboardProblem = {
  field: "(root)",
  code: "required",
  message: "(root): api_definition is required",
};

/**
 * Versions without rules have those of the definition, and are printed with them. Once the versions were
 * changed, they say it all.
 */
function withoutInherited(
  { paths, ...spec }: JsonObject,
  said: Said<"ApiDefinition">,
  refinement: JsonObject,
  previous: SpecSides<"ApiDefinition"> | null,
): JsonObject {
  const isChanged = previous !== null && !areEqual(said.versions, previous.notation.versions);
  const isOld = areEqual(refinement["paths"] ?? previous?.value.paths, previous?.value.paths);
  const meant = isChanged && isOld ? said.paths : paths;
  return meant === undefined ? spec : { ...spec, paths: meant };
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
    ...Object.fromEntries(Object.entries(kept).filter(([, value]) => value)),
    ...given,
    active: given["active"] ?? stored["active"] ?? !strict,
    ...(isObject(proxy)
      ? { proxy: completedProxy(proxy, gitway, objectAt(stored, "proxy"), apiId, routeBase) }
      : {}),
  };
}

function completedProxy(
  proxy: JsonObject,
  { route, listenPath }: JsonObject,
  stored: JsonObject,
  apiId: string,
  routeBase: string,
): JsonObject {
  const strip = proxy["strip_listen_path"] ?? stored["strip_listen_path"];
  if (proxy["listen_path"]) return { ...proxy, strip_listen_path: strip ?? false };
  const address =
    typeof route === "string" ? { route } : typeof listenPath === "string" ? { listenPath } : {};
  const chosen = writeAddress(address, routeBase) || `/${apiId}/`;
  return { ...proxy, listen_path: stored["listen_path"] ?? chosen, strip_listen_path: strip ?? true };
}
