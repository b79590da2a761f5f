import { apiIdOf } from "../../manifest/dashboard-ids.ts";
import type { ServingState, StoredDefinition } from "../../store/serving/serving-store.ts";
import type { RequestTarget } from "../http/request-target.ts";
import { takeTurns, type Turns } from "../turns.ts";
import { batchPath } from "./batch-path.ts";
import { buildCredentialTable, type CredentialTable } from "./credential-table.ts";
import { canonicalSegment, createTrie, find, insert, type MatchKind, type RouteTrie } from "./route-trie.ts";
import { prepareDefinition, type ServedDefinition } from "./served-definition.ts";
import { createSharedParts, type SharedParts } from "./shared-parts.ts";

interface Site {
  readonly routes: RouteTrie<Holder>;
  readonly listenPaths: RouteTrie<Holder>;
  /** Definitions with a listen path, by `api_id`; null for one that several have. */
  readonly apiIds: Map<string, { readonly definition: ServedDefinition; readonly match: MatchKind } | null>;
}

/** What holds a path. */
interface Holder {
  readonly definition: ServedDefinition;
  /** Whether it takes batches there, and not calls. */
  readonly isBatch: boolean;
}

/** One revision, ready for serving. Built once, never changed, swapped whole. */
export interface RouteTable {
  readonly revision: number;
  readonly credentials: CredentialTable;
  /** Whether a token or a definition has a limit. */
  readonly isLimited: boolean;
  /** The path below which routes lie, by lower-case segment. */
  readonly base: readonly string[];
  /** By host; the empty one is for every host. */
  readonly sites: ReadonlyMap<string, Site>;
  /** What an operator should know about this revision. */
  readonly notices: readonly Notice[];
  /** What it was built from and of, for the table after it. */
  readonly state: ServingState;
  readonly prepared: ReadonlyMap<StoredDefinition, Prepared>;
}

/** A definition ready for serving, and what does not work in it as its manifest says. */
interface Prepared {
  readonly definition: ServedDefinition;
  readonly notices: readonly Notice[];
}

/** Something in a revision that does not work as its manifest says. */
export interface Notice {
  readonly kind: "ApiDefinition";
  readonly name: string;
  readonly setting: string;
  readonly message: string;
}

/** The definition that a request led to. */
export interface RouteMatch extends Holder {
  /** Whether the path names the API by its `api_id`, and so is no listen path. */
  readonly isById: boolean;
  readonly parameters: Readonly<Record<string, string>>;
  /** The segments after the route or listen path. */
  readonly below: readonly string[];
}

/**
 * Builds the table of a revision, a few milliseconds at a time: whoever is being served meanwhile does
 * not wait for it. What is the same object as in the table before is not prepared again.
 */
export async function buildRouteTable(
  state: ServingState,
  base: string,
  before: RouteTable | null = null,
): Promise<RouteTable> {
  const turn = takeTurns();
  const credentials = await credentialsOf(state, before, turn);
  const shared = createSharedParts();
  const sites = new Map<string, Site>();
  const notices: Notice[] = [];
  const prepared = new Map<StoredDefinition, Prepared>();
  let isLimited = [...credentials.tokens.values()].some(({ limits }) => limits.charges.length > 0);
  const later: (() => void)[] = [];
  for (const stored of state.definitions) {
    if (turn.isOver()) await turn.next();
    const ready = before?.prepared.get(stored) ?? prepare(stored, state, shared);
    prepared.set(stored, ready);
    const { definition } = ready;
    isLimited ||= definition.rateLimit.charges.length > 0;
    notices.push(...ready.notices, ...place(sites, later, stored, definition));
  }
  for (const insertBatch of later) {
    if (turn.isOver()) await turn.next();
    insertBatch();
  }
  const basePath = splitPath(base.toLowerCase());
  const { revision } = state;
  return { revision, credentials, isLimited, base: basePath, sites, notices, state, prepared };
}

async function credentialsOf(
  state: ServingState,
  before: RouteTable | null,
  turn: Turns,
): Promise<CredentialTable> {
  const isSame = before?.state.tokens === state.tokens && before.state.credentials === state.credentials;
  return isSame ? before.credentials : await buildCredentialTable(state, turn);
}

function prepare(stored: StoredDefinition, { blobs }: ServingState, shared: SharedParts): Prepared {
  const definition = prepareDefinition(stored, blobs, shared);
  return { definition, notices: noticesOf(stored, definition) };
}

/** The segments below the base, or null for a path that lies elsewhere. */
export function belowBase(table: RouteTable, target: RequestTarget): readonly string[] | null {
  const within = table.base.every(
    (segment, index) => canonicalSegment(target.segments[index] ?? "", true) === segment,
  );
  return within ? target.segments.slice(table.base.length) : null;
}

/**
 * The definition for a request, or null. A definition for the request's host beats one for all hosts.
 * Below the base only routes answer, elsewhere listen paths, and what no listen path takes by an `api_id`.
 */
export function matchRoute(
  table: RouteTable,
  target: RequestTarget,
  routeSegments: readonly string[] | null = belowBase(table, target),
): RouteMatch | null {
  const segments = routeSegments ?? target.segments;
  const sites = [table.sites.get(target.host), target.host === "" ? undefined : table.sites.get("")];
  for (const site of sites) {
    if (!site) continue;
    const hit = find(routeSegments ? site.routes : site.listenPaths, segments);
    if (!hit) continue;
    const { definition, isBatch } = hit.value;
    const below = segments.slice(hit.depth);
    return { definition, isBatch, isById: false, parameters: hit.parameters, below };
  }
  return routeSegments ? null : matchApiId(sites, segments);
}

/** The definition that `/{api_id}/` names (Gateway rules 3.6). */
function matchApiId(
  sites: readonly (Site | undefined)[],
  [apiId = "", ...below]: readonly string[],
): RouteMatch | null {
  const named = sites.map((site) => site?.apiIds.get(apiId)).find((found) => found);
  if (!named) return null;
  const { definition, match } = named;
  const isBatch = definition.batch !== null && below.join("/") === batchPath.join("/");
  if (!isBatch && match === "exact" && below.length > 0) return null;
  return { definition, isBatch, isById: true, parameters: {}, below: isBatch ? [] : below };
}

function place(
  sites: Map<string, Site>,
  later: (() => void)[],
  { id, name, spec }: StoredDefinition,
  definition: ServedDefinition,
): Notice[] {
  const host = spec.domain ?? "";
  const site = sites.get(host) ?? newSite();
  sites.set(host, site);
  const isRoute = spec.route !== undefined;
  const trie = isRoute ? site.routes : site.listenPaths;
  const path = splitPath(spec.route ?? spec.listenPath ?? "/");
  const match = matchOf(spec, isRoute ? "exact" : "prefix");
  const holder = insert(trie, path, match, { definition, isBatch: false });
  if (!holder) {
    const apiId = isRoute ? null : apiIdOf(id, spec.dashboard?.["api_id"]);
    const isTaken = apiId !== null && site.apiIds.has(apiId);
    if (apiId !== null) site.apiIds.set(apiId, isTaken ? null : { definition, match });
    // After all others, so that it takes no path away from them.
    if (definition.batch)
      later.push(() => insert(trie, [...path, ...batchPath], "exact", { definition, isBatch: true }));
    return isTaken ? [disputed(name, apiId)] : [];
  }
  const message = `The path is taken by '${holder.definition.name}', so this definition is not served. Give it another path.`;
  return [{ kind: "ApiDefinition", name, setting: isRoute ? "route" : "listenPath", message }];
}

function disputed(name: string, apiId: string): Notice {
  const message = `Another definition has the 'api_id' ${apiId} too, so neither answers at /${apiId}/. Choose another.`;
  return { kind: "ApiDefinition", name, setting: "dashboard.api_id", message };
}

function matchOf(spec: StoredDefinition["spec"], otherwise: MatchKind): MatchKind {
  return spec.match ?? (spec.action.proxy ? "prefix" : otherwise);
}

function noticesOf({ name }: StoredDefinition, definition: ServedDefinition): Notice[] {
  return [...actionNotices(name, definition), ...scriptNotices(name, definition)];
}

function scriptNotices(name: string, { action, middleware }: ServedDefinition): Notice[] {
  const scripts = [
    ...(action.kind === "script" ? [{ ...action, setting: "action.script.file" }] : []),
    ...middleware.pre.map((script) => ({ ...script, setting: "middleware.pre" })),
    ...middleware.post.map((script) => ({ ...script, setting: "middleware.post" })),
  ];
  return scripts
    .filter(({ source }) => source === null)
    .map(({ setting, file }) => ({
      kind: "ApiDefinition",
      name,
      setting,
      message: `The content of '${file}' is not in the store, so calls are answered with an error.`,
    }));
}

function actionNotices(name: string, { action }: ServedDefinition): Notice[] {
  if (action.kind !== "unfit") return [];
  const message = `Calls are answered with an error: ${action.refusal.reason}. Is this Gitway older than the one that wrote it?`;
  return [{ kind: "ApiDefinition", name, setting: "action", message }];
}

function newSite(): Site {
  return {
    routes: createTrie({ ignoreCase: true }),
    listenPaths: createTrie({ ignoreCase: false }),
    apiIds: new Map(),
  };
}

function splitPath(path: string): string[] {
  return path.split("/").filter((segment) => segment !== "");
}
