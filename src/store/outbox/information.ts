import { randomUUID } from "node:crypto";

import type { Session } from "../database.ts";
import type { InformationEvent } from "../information-event.ts";
import { readInformed, readWebhooks, recipientsOf, type HookedDefinition } from "./hooks.ts";
import type { EventMessage } from "./outbox.ts";
import { insertDeliveries } from "./rows.ts";

/**
 * Notes information events for the webhooks that want to hear of them, in the transaction that writes the
 * events: those of a definition for its own hooks, those of a token for the hooks of the definitions that
 * it opens. A definition that is deleted tells it to the hooks that it had.
 */
export async function enqueueInformation(
  session: Session,
  events: readonly InformationEvent[],
): Promise<void> {
  const webhooks = await readWebhooks(session);
  if (webhooks.size === 0) return;
  const concerned = await readConcerned(session, events);
  const deliveries = events.flatMap((event) =>
    recipientsOf(
      "InformationEvent",
      concerned(event).flatMap(({ hooks }) => hooks),
      webhooks,
    ).map((recipient) => ({ ...recipient, id: randomUUID(), message: messageOf(event) })),
  );
  await insertDeliveries(session, deliveries);
}

async function readConcerned(
  session: Session,
  events: readonly InformationEvent[],
): Promise<(event: InformationEvent) => readonly HookedDefinition[]> {
  const versions = events.flatMap((event) =>
    event.kind === "ApiDefinition" ? (versionOf(event) ?? []) : [],
  );
  const definitions = await readInformed(
    session,
    versions,
    events.some(({ kind }) => kind === "ApiToken"),
  );
  const byVersion = new Map(definitions.map((definition) => [definition.version, definition]));
  const byToken = groupByToken(definitions);
  return (event) => {
    if (event.kind === "ApiToken") return byToken.get(event.name) ?? [];
    const own = event.kind === "ApiDefinition" ? byVersion.get(versionOf(event) ?? 0) : undefined;
    return own ? [own] : [];
  };
}

function groupByToken(definitions: readonly HookedDefinition[]): ReadonlyMap<string, HookedDefinition[]> {
  const groups = new Map<string, HookedDefinition[]>();
  for (const definition of definitions)
    for (const token of definition.tokens) {
      const group = groups.get(token);
      if (group) group.push(definition);
      else groups.set(token, [definition]);
    }
  return groups;
}

function versionOf({ versionAfter, versionBefore }: InformationEvent): number | null {
  return versionAfter ?? versionBefore;
}

function messageOf(information: InformationEvent): EventMessage {
  return {
    event: "InformationEvent",
    message: information.message,
    reason: null,
    path: null,
    origin: null,
    key: null,
    definition: information.kind === "ApiDefinition" ? information.name : null,
    time: information.time,
    information,
  };
}
