import type { Plan } from "../../plan/plan.ts";
import type { Store, SyncStatus } from "../../store/store.ts";
import { refuse } from "../answers.ts";
import { access, type ApiContext, type ApiRoute } from "./api-route.ts";

/** What can be asked of the process that reconciles. */
export interface SyncControl {
  /** Looks at the source now, and applies what changed; with consent also what waits to be deleted. */
  readonly reconcile: (options: { readonly allowPrune: boolean }) => Promise<SyncStatus>;
  /** What that would change. */
  readonly plan: () => Promise<Plan>;
}

/** What the operations on reconciling work on. */
export interface SyncParts {
  readonly store: Pick<Store, "readSync">;
  /** Null when this process does not reconcile. */
  readonly sync: SyncControl | null;
}

/** How reconciling stands: what is live, what is quarantined or held, and why; and what to do about it. */
export function syncRoutes({ store, sync }: SyncParts): ApiRoute[] {
  const here = async (
    context: ApiContext,
    act: (control: SyncControl) => Promise<Response>,
  ): Promise<Response> =>
    sync ? await act(sync) : refuse(context, 409, "This process does not reconcile: ask the one that does.");
  return [
    {
      method: "GET",
      path: "/sync",
      access: access.readDefinitions,
      summary: "Say how reconciling stands; null before the first pass.",
      answer: "Sync",
      handle: async (context) => context.json({ status: await store.readSync() }),
    },
    {
      method: "POST",
      path: "/sync/plan",
      access: access.manageSync,
      summary: "Say what reconciling would change now. Changes nothing.",
      answer: "Plan",
      handle: (context) => here(context, async (control) => context.json(await control.plan())),
    },
    {
      method: "POST",
      path: "/sync/reconcile",
      access: access.manageSync,
      summary: "Look at the source now.",
      answer: "Sync",
      handle: (context) =>
        here(context, async (control) =>
          context.json({ status: await control.reconcile({ allowPrune: false }) }),
        ),
    },
    {
      method: "POST",
      path: "/sync/consent",
      access: access.manageSync,
      summary: "Look at the source now, and let the deletions through that wait.",
      answer: "Sync",
      handle: (context) =>
        here(context, async (control) =>
          context.json({ status: await control.reconcile({ allowPrune: true }) }),
        ),
    },
  ];
}
