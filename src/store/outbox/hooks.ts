import { parseDuration } from "../../units.ts";
import type { Session } from "../database.ts";
import { readObjects } from "../object-versions.ts";

/** That a definition wants a webhook to be told of an event. */
interface EventHook {
  readonly on: string;
  readonly webhook: string;
  readonly dedupe: unknown;
}

/** A definition as far as events concern it. */
export interface HookedDefinition {
  readonly version: number;
  readonly id: string;
  readonly name: string;
  readonly tokens: readonly string[];
  readonly hooks: readonly EventHook[];
}

/** Who is to be told of an event: each webhook once. */
export interface Recipient {
  readonly webhookId: string;
  readonly webhookName: string;
  /** Milliseconds; 0 sends every message. */
  readonly dedupe: number;
}

const longestWindow = parseDuration("30d");

interface DefinitionRow {
  readonly version: number;
  readonly id: string;
  readonly name: string;
  readonly tokens: unknown;
  readonly events: unknown;
}

const columns = `version, object_id as id, name, spec -> 'tokens' as tokens, spec -> 'events' as events`;
const ofDefinitions = "from gitway.object_version where kind = 'ApiDefinition'";

/** Those of some current definitions that have hooks for events of requests, by their ids. */
export async function readHookedById(
  session: Session,
  ids: readonly string[],
): Promise<ReadonlyMap<string, HookedDefinition>> {
  const rows = await session.query<DefinitionRow>(
    `select ${columns} ${ofDefinitions} and to_revision is null and object_id = any($1::uuid[])`,
    [ids],
  );
  return new Map(rows.map(toHooked).map((definition) => [definition.id, definition]));
}

/**
 * Definitions that have hooks for information events: those with the given versions, current or not, and
 * all current ones when asked so. The search by text keeps thousands of others from being parsed.
 */
export async function readInformed(
  session: Session,
  versions: readonly number[],
  allCurrent: boolean,
): Promise<HookedDefinition[]> {
  const rows = await session.query<DefinitionRow>(
    `select ${columns} ${ofDefinitions} and (version = any($1::bigint[]) or ($2 and to_revision is null))
       and spec::text like '%"InformationEvent"%'`,
    [versions, allCurrent],
  );
  return rows.map(toHooked);
}

/** A stranger may have written the row: what can't be read is left out. */
function toHooked({ tokens, events, ...rest }: DefinitionRow): HookedDefinition {
  return {
    ...rest,
    tokens: listOf(tokens).map(String),
    hooks: listOf(events).filter((hook): hook is EventHook => typeof hook === "object" && hook !== null),
  };
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** The current webhooks by name, with their own dedupe windows. */
export type Webhooks = ReadonlyMap<string, Recipient>;

/** Reads the current webhooks. */
export async function readWebhooks(session: Session): Promise<Webhooks> {
  const objects = await readObjects(session, { kind: "Webhook" });
  return new Map(
    objects.flatMap((object) =>
      object.kind === "Webhook"
        ? [
            [
              object.name,
              { webhookId: object.id, webhookName: object.name, dedupe: windowOf(object.spec?.dedupe) ?? 0 },
            ],
          ]
        : [],
    ),
  );
}

/**
 * Who is to be told of an event. One that several hooks name is told once, with the shortest of their
 * windows; one that is gone can't be told.
 */
export function recipientsOf(on: string, hooks: readonly EventHook[], webhooks: Webhooks): Recipient[] {
  const recipients = new Map<string, Recipient>();
  for (const hook of hooks) {
    const webhook = hook.on === on ? webhooks.get(hook.webhook) : undefined;
    if (!webhook) continue;
    const dedupe = windowOf(hook.dedupe) ?? webhook.dedupe;
    const known = recipients.get(webhook.webhookId);
    recipients.set(webhook.webhookId, { ...webhook, dedupe: Math.min(dedupe, known?.dedupe ?? dedupe) });
  }
  return [...recipients.values()];
}

function windowOf(duration: unknown): number | null {
  const window = durationOf(duration);
  return window === null ? null : Math.min(window, longestWindow);
}

/** The milliseconds of a duration; null for none, or what a stranger wrote in its place. */
export function durationOf(text: unknown): number | null {
  return typeof text === "string" && /^\d{1,9}(ms|s|m|h|d)$/.test(text) ? parseDuration(text) : null;
}
