import type { Store } from "../../store/store.ts";
import { createCatalogue } from "../catalogue.ts";
import type { ApiRoute } from "./api-route.ts";
import { definitionRoutes } from "./definitions.ts";
import { eventRoutes } from "./events.ts";
import { openApiOf } from "./openapi.ts";
import { syncRoutes } from "./sync.ts";
import { tokenRoutes } from "./tokens.ts";
import { userRoutes } from "./users.ts";

/** What the operations of the Dashboard API work on. */
export interface ApiParts {
  readonly store: Store;
  readonly orgId: string;
  /** The path below which routes are served. */
  readonly routeBase: string;
}

/** Every operation of the Dashboard API. */
export function apiRoutes({ store, orgId, routeBase }: ApiParts): ApiRoute[] {
  const parts = { store, orgId, routeBase, catalogue: createCatalogue(store, orgId) };
  const routes: ApiRoute[] = [definitionRoutes, tokenRoutes, eventRoutes, syncRoutes, userRoutes].flatMap(
    (routesOf) => routesOf(parts),
  );
  routes.push({
    method: "GET",
    path: "/openapi.json",
    access: { all: [] },
    summary: "This document.",
    answer: "OpenApi",
    handle: (context) => context.json(openApiOf(routes)),
  });
  return routes;
}
