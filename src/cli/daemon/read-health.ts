import type { Health } from "../../dashboard/server.ts";
import type { Store } from "../../store/store.ts";
import { answerSoon } from "./answer-soon.ts";
import type { EndpointThread } from "./endpoint-thread.ts";

/** What readiness is read from. */
export interface HealthParts {
  readonly store: Pick<Store, "readSync">;
  /** Null when this process serves no routes. */
  readonly endpoint: Pick<EndpointThread, "servedRevision" | "servedFrom"> | null;
  readonly firstPassOver: boolean;
  /** Whether the process was asked to end. */
  readonly ending: boolean;
}

/**
 * Whether this process is ready. One that serves routes is, as long as it has a table, also while the store
 * is away: requests need no database. Another needs the store.
 */
export async function readHealth({ store, endpoint, firstPassOver, ending }: HealthParts): Promise<Health> {
  const status = await answerSoon(store.readSync());
  const servedRevision = endpoint?.servedRevision() ?? null;
  const reason = reasonAgainst({
    ending,
    serves: endpoint !== null,
    servedRevision,
    firstPassOver,
    storeAnswers: status !== "away",
  });
  const known = status === "away" ? null : status;
  return {
    ready: reason === null,
    reason,
    servedRevision,
    servedFrom: endpoint?.servedFrom() ?? null,
    appliedRevision: known?.applied?.revision ?? null,
    state: known?.state ?? "unknown",
  };
}

interface Facts {
  readonly ending: boolean;
  readonly serves: boolean;
  readonly servedRevision: number | null;
  readonly firstPassOver: boolean;
  readonly storeAnswers: boolean;
}

function reasonAgainst({
  ending,
  serves,
  servedRevision,
  firstPassOver,
  storeAnswers,
}: Facts): string | null {
  if (ending) return "The process is ending.";
  if (serves && servedRevision === null) return "The endpoint has not loaded its routes yet.";
  if (!firstPassOver) return "The first pass has not ended yet.";
  if (!serves && !storeAnswers) return "The store does not answer.";
  return null;
}
