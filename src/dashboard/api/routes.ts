import type { Store } from "../../store/store.ts";
import type { ApiRoute } from "./api-route.ts";
import { eventRoutes } from "./events.ts";
import { syncRoutes } from "./sync.ts";
import { userRoutes } from "./users.ts";

/** What the operations of the Dashboard API work on. */
export interface ApiParts {
  readonly store: Store;
}

/** Every operation of the Dashboard API. */
export function apiRoutes(parts: ApiParts): ApiRoute[] {
  return [...eventRoutes(parts), ...syncRoutes(parts), ...userRoutes(parts)];
}
