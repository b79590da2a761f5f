import { definitionFromDashboard, type DefinitionReading } from "./definition-from-dashboard.ts";
import type { TakenNames } from "./slug.ts";
import { webhookBook } from "./webhook-book.ts";

/** What must be known to take over a definition without its wrapper. */
export interface ClassicContext {
  /** The path below which routes are served. */
  readonly routeBase: string;
  readonly takenNames: TakenNames;
}

/**
 * Takes over a bare `api_definition`, also one of which parts are missing: they mean what they mean to a
 * gateway that reads it. Without `active` it is active. Its ids are kept.
 */
export function definitionFromClassic(apiDefinition: unknown, context: ClassicContext): DefinitionReading {
  const surroundings = { orgId: "", webhooks: webhookBook([], ""), previous: null };
  return definitionFromDashboard(
    { api_definition: apiDefinition },
    { ...context, ...surroundings, keepIds: true, strict: false },
  );
}
