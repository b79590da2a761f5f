import type { Store } from "../../store/store.ts";
import { access, type ApiRoute } from "./api-route.ts";

/** How reconciling stands: what is live, what is quarantined or held, and why. */
export function syncRoutes({ store }: { readonly store: Pick<Store, "readSync"> }): ApiRoute[] {
  return [
    {
      method: "GET",
      path: "/sync",
      access: access.readDefinitions,
      summary: "Say how reconciling stands; null before the first pass.",
      answer: "Sync",
      handle: async (context) => context.json({ status: await store.readSync() }),
    },
  ];
}
