import type { Store } from "../../store/store.ts";
import { refuse } from "../answers.ts";
import { createCatalogue } from "../catalogue.ts";
import type { ApiContext, ApiRoute } from "./api-route.ts";
import { definitionWriteRoutes } from "./definition-writes.ts";
import { definitionRoutes } from "./definitions.ts";
import { eventRoutes } from "./events.ts";
import { hookRoutes } from "./hooks.ts";
import { openApiOf } from "./openapi.ts";
import { type SyncControl, syncRoutes } from "./sync.ts";
import { tokenWriteRoutes } from "./token-writes.ts";
import { tokenRoutes } from "./tokens.ts";
import { type Trigger, triggerRoutes } from "./trigger.ts";
import { userRoutes } from "./users.ts";
import { whyUnwritable, type Writing } from "./write.ts";

/** What the operations of the Dashboard API work on. */
export interface ApiParts {
  readonly store: Store;
  readonly orgId: string;
  /** The path below which routes are served. */
  readonly routeBase: string;
  readonly writing: Writing;
  /** Null when this process does not reconcile. */
  readonly sync: SyncControl | null;
  /** Whether what belongs to the console is on. */
  readonly consoleIsOn: boolean;
  /** Calls a definition as the endpoint would. */
  readonly trigger: Trigger;
}

/** The operations by what they are about. */
const groups = [
  definitionRoutes,
  definitionWriteRoutes,
  tokenRoutes,
  tokenWriteRoutes,
  hookRoutes,
  eventRoutes,
  syncRoutes,
  userRoutes,
  triggerRoutes,
] as const;

/** Every operation of the Dashboard API. Those of a console that is off say so, and are in no document. */
export function apiRoutes(given: ApiParts): ApiRoute[] {
  const parts = { ...given, catalogue: createCatalogue(given.store, given.orgId) };
  const isOn = ({ isConsole }: ApiRoute) => given.consoleIsOn || !isConsole;
  const routes: ApiRoute[] = withoutCommits(
    groups.flatMap((routesOf) => routesOf(parts)),
    whyUnwritable(given.writing),
  ).map((route) => (isOn(route) ? route : { ...route, handle: refuseConsole }));
  routes.push({
    method: "GET",
    path: "/openapi.json",
    access: { all: [] },
    summary: "This document.",
    answer: "OpenApi",
    handle: (context) => context.json(openApiOf(routes.filter(isOn))),
  });
  return routes;
}

/** The operations, of which those that commit are refused when there is a reason. */
function withoutCommits(routes: readonly ApiRoute[], reason: string | null): readonly ApiRoute[] {
  if (reason === null) return routes;
  const others = routes.filter(({ commits }) => !commits);
  return routes.map((route) => {
    if (!route.commits) return route;
    const allow = others.flatMap(({ path, method }) => (path === route.path ? method : [])).join(", ");
    return { ...route, handle: (context) => refuse(context, 405, reason, { allow }) };
  });
}

function refuseConsole(context: ApiContext): Response {
  return refuse(
    context,
    404,
    "The console is off, and this belongs to it: set the option softLaunch.UserDefinableAPI to true.",
  );
}
