import type { ApiDefinitionSpec, EventHook } from "../manifest/api-definition.generated.ts";
import { derivedIds } from "../manifest/dashboard-ids.ts";
import { deriveId } from "../manifest/identity.ts";
import {
  type Fields,
  fieldsOf,
  flagOf,
  listOf,
  numberOf,
  readableField,
  refuse,
  requireFields,
  textOf,
} from "./fields.ts";
import { isObject, type JsonObject, objectAt, ownField, saidFields } from "./json-object.ts";
import { meaningOf } from "./notation.ts";
import { durationOf, secondsOf } from "./seconds.ts";
import { slugOf } from "./slug.ts";
import type { NewWebhook, WebhookBook } from "./webhook-book.ts";
import { webhookNotation } from "./webhook-notation.ts";

/** The events that Gitway has: those of the manifests. */
const knownEvents = [
  "QuotaExceeded",
  "RatelimitExceeded",
  "AuthFailure",
  "KeyExpired",
  "VersionFailure",
  "InformationEvent",
] as const satisfies readonly EventHook["on"][];

/** As many as a manifest may have. */
const mostEvents = 100;

const webhookHandler = "eh_web_hook_handler";

/** What must be known to read references to webhooks. */
export interface EventSurroundings {
  readonly orgId: string;
  readonly webhooks: WebhookBook;
  /**
   * The handlers that the API itself had embedded for the references so far, as `handlerKey` names them:
   * without its reference, such a handler is no longer meant. A request that names no references keeps them.
   */
  readonly embedded: ReadonlySet<string>;
}

/** What `hook_references` and `event_handlers` say. */
export interface EventsReading {
  readonly events: readonly EventHook[];
  readonly created: readonly NewWebhook[];
  /** References to events that Gitway doesn't have, as given. */
  readonly otherReferences: readonly JsonObject[];
  /** Handlers of other kinds or for other events, as given. */
  readonly otherHandlers: JsonObject;
}

interface Reading {
  readonly surroundings: EventSurroundings;
  readonly created: NewWebhook[];
  /** The ids of the created webhooks, to their names. */
  readonly createdIds: Map<string, string>;
}

/**
 * Reads the references in the wrapper, and the handlers that a client embedded itself. A handler for which
 * there is a reference is a copy of it (Dashboard facts 1.8).
 */
export function readEvents(given: Fields, surroundings: EventSurroundings): EventsReading {
  const reading: Reading = { surroundings, created: [], createdIds: new Map() };
  const wrapper = fieldsOf(given, "wrapper");
  const references = bounded(listOf(wrapper, "hook_references"), wrapper, "hook_references");
  const meant = references.filter((reference) => isKnown(textOf(reference, "event_name")));
  const events = meant.map((reference) => readReference(reference, reading));
  const copies = new Set(
    meant.map((reference) => handlerKey(textOf(reference, "event_name"), idOf(fieldsOf(reference, "hook")))),
  );
  const dropped = Array.isArray(ownField(wrapper.given, "hook_references"))
    ? surroundings.embedded
    : new Set();
  const other: [string, JsonObject[]][] = [];
  for (const [event, handler] of bounded(handlersOf(given), fieldsOf(given, "event_handlers"), "events")) {
    const meta = fieldsOf(handler, "handler_meta");
    const key = handlerKey(event, idOf(meta));
    if (!isEffective(event, handler)) other.push([event, [handler.given]]);
    else if (!copies.has(key) && !dropped.has(key)) events.push(readHandler(event, meta, reading));
  }
  return {
    events,
    created: reading.created,
    otherReferences: references.filter((reference) => !meant.includes(reference)).map(({ given }) => given),
    otherHandlers: grouped(other),
  };
}

/** The first items of a list, which must not be longer. */
function bounded<T>(list: readonly T[], home: Fields, name: string): readonly T[] {
  if (list.length > mostEvents) refuse(home, name, "out-of-range", `must have at most ${mostEvents} entries`);
  return list.slice(0, mostEvents);
}

/** Names an embedded handler: the event, and the id of the webhook. */
export function handlerKey(event: string | undefined, id: string): string {
  return `${event ?? ""} ${id}`;
}

/** The keys of the handlers that are embedded for the references in a wrapper. */
export function embeddedHandlers(references: unknown): ReadonlySet<string> {
  const list = Array.isArray(references) ? references.filter(isObject) : [];
  return new Set(
    list.map((reference) =>
      handlerKey(String(ownField(reference, "event_name")), String(objectAt(reference, "hook")["id"])),
    ),
  );
}

function handlersOf(given: Fields): (readonly [string, Fields])[] {
  const events = fieldsOf(fieldsOf(given, "event_handlers"), "events");
  return Object.keys(events.given).flatMap((event) =>
    listOf(events, event).map((handler) => [event, handler] as const),
  );
}

function isKnown(event: string | undefined): event is EventHook["on"] {
  return knownEvents.some((known) => known === event);
}

function isEffective(event: string, handler: Fields): event is EventHook["on"] {
  const isWebhook = textOf(handler, "handler_name") === webhookHandler;
  return isKnown(event) && isWebhook && !flagOf(fieldsOf(handler, "handler_meta"), "disabled");
}

/** The id of a hook; embedded ones have it under its older name (Dashboard facts 1.8). */
function idOf(hook: Fields): string {
  return textOf(hook, "id") ?? textOf(hook, "_id") ?? "";
}

function readReference(reference: Fields, reading: Reading): EventHook {
  requireFields(reference, "hook");
  const webhook = webhookNamed(fieldsOf(reference, "hook"), reading);
  const dedupe = dedupeOf(reference, webhook, reading);
  return saidFields<EventHook>({ on: textOf(reference, "event_name") as EventHook["on"], webhook, dedupe });
}

function readHandler(event: EventHook["on"], meta: Fields, reading: Reading): EventHook {
  const { _id, event_timeout: _timeout, ...hook } = meta.given;
  const given = { ...meta, given: { id: _id, ...hook } };
  const webhook = webhookNamed(given, reading);
  return saidFields<EventHook>({ on: event, webhook, dedupe: dedupeOf(meta, webhook, reading) });
}

/** The window of a reference; none of its own when it is that of the webhook. */
function dedupeOf(
  reference: Fields,
  webhook: string,
  { surroundings, created }: Reading,
): string | undefined {
  const seconds = numberOf(reference, "event_timeout");
  const hook = surroundings.webhooks.hookOf(webhook);
  const own = hook?.["event_timeout"] ?? secondsOf(created.find(({ name }) => name === webhook)?.spec.dedupe);
  return seconds === undefined || seconds === own ? undefined : (durationOf(seconds) ?? "0s");
}

/** The name of the webhook that is meant: one that exists, or a new one. */
function webhookNamed(hook: Fields, reading: Reading): string {
  const id = idOf(hook);
  const known = reading.surroundings.webhooks.nameOf(id) ?? reading.createdIds.get(id);
  if (known !== undefined && id !== "") return known;
  const taken = new Set([...reading.surroundings.webhooks.names, ...reading.created.map(({ name }) => name)]);
  const name = slugOf(textOf(hook, "name") ?? "", taken, "webhook");
  const ids = derivedIds(deriveId("Webhook", name));
  const notation = webhookNotation({ name, ids }, reading.surroundings.orgId);
  const { said, problems } = meaningOf(notation, hook.given);
  const home = readableField(hook.path);
  for (const { field, code, message } of problems) {
    const inner = message.startsWith("(root)") ? message.slice("(root)".length) : `.${message}`;
    hook.problems.push({ field: `${home}.${field}`, code, message: home + inner });
  }
  reading.created.push({ kind: "Webhook", name, spec: { url: "", ...said } });
  if (id !== "") reading.createdIds.set(id, name);
  return name;
}

function grouped(pairs: readonly (readonly [string, readonly JsonObject[]])[]): Record<string, JsonObject[]> {
  const groups = new Map<string, JsonObject[]>();
  for (const [event, handlers] of pairs) groups.set(event, [...(groups.get(event) ?? []), ...handlers]);
  return Object.fromEntries(groups);
}

/** What remains in `spec.dashboard` of references and handlers that have no effect. */
export function eventStyle({ otherReferences, otherHandlers }: EventsReading): JsonObject {
  return {
    ...(Object.keys(otherHandlers).length === 0 ? {} : { event_handlers: { events: otherHandlers } }),
    ...(otherReferences.length === 0 ? {} : { wrapper: { hook_references: otherReferences } }),
  };
}

/** `hook_references`: the webhooks of the events, and the references that `style` keeps. */
export function writeReferences(
  spec: Partial<ApiDefinitionSpec>,
  style: JsonObject,
  webhooks: WebhookBook,
): JsonObject[] {
  const kept = ownField(objectAt(style, "wrapper"), "hook_references");
  const others = (Array.isArray(kept) ? kept.filter(isObject) : []).filter((reference) => {
    const event = ownField(reference, "event_name");
    return typeof event !== "string" || !isKnown(event);
  });
  return [...referencesOf(spec, webhooks), ...others];
}

function referencesOf({ events = [] }: Partial<ApiDefinitionSpec>, webhooks: WebhookBook): JsonObject[] {
  return events.flatMap(({ on, webhook, dedupe }) => {
    const hook = webhooks.hookOf(webhook);
    return hook
      ? [
          {
            event_name: on,
            event_timeout: dedupe === undefined ? hook["event_timeout"] : secondsOf(dedupe),
            hook,
          },
        ]
      : [];
  });
}

/** `event_handlers`: the handlers that `style` keeps, and behind them the webhooks of the events, embedded. */
export function writeHandlers(
  spec: Partial<ApiDefinitionSpec>,
  style: JsonObject,
  webhooks: WebhookBook,
): JsonObject {
  const embedded = referencesOf(spec, webhooks).map(
    (reference) => [String(reference["event_name"]), [embed(reference)]] as const,
  );
  const kept = Object.entries(objectAt(style, "event_handlers", "events")).map(
    ([event, handlers]) =>
      [
        event,
        (Array.isArray(handlers) ? handlers : []).filter(
          (handler) => isObject(handler) && isOther(event, handler),
        ),
      ] as const,
  );
  return { events: grouped([...kept, ...embedded]) };
}

function isOther(event: string, handler: JsonObject): boolean {
  const isWebhook = ownField(handler, "handler_name") === webhookHandler;
  return !isKnown(event) || !isWebhook || objectAt(handler, "handler_meta")["disabled"] === true;
}

function embed(reference: JsonObject): JsonObject {
  const { id, header_map, method, name, org_id, target_path, template_path } = objectAt(reference, "hook");
  const { event_timeout } = reference;
  return {
    handler_name: webhookHandler,
    handler_meta: { _id: id, event_timeout, header_map, method, name, org_id, target_path, template_path },
  };
}
