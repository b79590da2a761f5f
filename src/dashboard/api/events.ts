import { streamSSE } from "hono/streaming";

import type { Kind } from "../../manifest/manifest.ts";
import type { EventQuery, Store } from "../../store/store.ts";
import type { ActingUser, Permission } from "../access/acting-user.ts";
import { refuse } from "../answers.ts";
import { access, type ApiContext, type ApiRoute } from "./api-route.ts";

type EventStore = Pick<Store, "events" | "onChange">;

/** Events are as secret as their objects (UD-APIs "Permissions"). */
const readers = {
  ApiDefinition: "definitions.read",
  Webhook: "definitions.read",
  ApiToken: "tokens.read",
  User: "users.edit",
} as const satisfies Record<Kind, Permission>;

const defaultLimit = 100;
const mostEvents = 1000;
const heartbeat = 15_000;
const longestStream = 60 * 60_000;

const eventParameters = {
  kind: "The kind of the object.",
  object: "The id of the object.",
  name: "The name of the object.",
  actor: "The author's name or address, or the name of the user who owns it.",
  commit: "A commit, or how it begins.",
  since: "Not before this time (ISO 8601).",
  until: "Before this time (ISO 8601).",
  after: "Events after this one, oldest first.",
  before: "Events before this one: the next page.",
  limit: "How many, at most 1000.",
};

/** Information events: by filter and page, how many there are, and live. */
export function eventRoutes({ store }: { readonly store: EventStore }): ApiRoute[] {
  return [
    {
      method: "GET",
      path: "/events",
      access: access.readAnything,
      summary: "List information events, newest page first, oldest first within it.",
      query: eventParameters,
      answer: "Events",
      handle: async (context) => {
        const query = readQuery(context);
        if (typeof query === "string") return refuse(context, 400, query);
        const events = await store.events(query);
        return context.json({ events, before: events.length < query.limit ? null : (events[0]?.id ?? null) });
      },
    },
    {
      method: "GET",
      path: "/events/stream",
      access: access.readAnything,
      summary: "Information events as they happen, as server-sent events.",
      answer: "EventStream",
      handle: (context) => stream(context, store),
    },
  ];
}

/** The query that the parameters say, restricted to what the user may read; a sentence when they are wrong. */
function readQuery(context: ApiContext): EventQuery | string {
  const parameters = context.req.query();
  const kinds = readableKinds(context.get("user"));
  const { kind, object, name, actor, commit, since, until, after, before } = parameters;
  const { limit = String(defaultLimit) } = parameters;
  const wrong = Object.entries({ limit, after, before }).find(
    ([, value]) => !/^\d{1,15}$/.test(value ?? "0"),
  );
  if (wrong) return `'${wrong[0]}' must be a number.`;
  for (const [parameter, text] of Object.entries({ since, until }))
    if (text !== undefined && Number.isNaN(Date.parse(text)))
      return `'${parameter}' must be a time, as ISO 8601.`;
  if (object !== undefined && !/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(object))
    return "'object' must be the id of an object.";
  return {
    limit: Math.min(Number(limit), mostEvents),
    kinds: kind === undefined ? kinds : kinds.filter((readable) => readable === kind),
    ...(after === undefined ? {} : { afterId: Number(after) }),
    ...(before === undefined ? {} : { beforeId: Number(before) }),
    ...(object === undefined ? {} : { objectId: object }),
    ...pick({ name, actor, commit }, ["name", "actor", "commit"]),
    ...(since === undefined ? {} : { since: new Date(since).toISOString() }),
    ...(until === undefined ? {} : { until: new Date(until).toISOString() }),
  };
}

function readableKinds({ permissions }: ActingUser): Kind[] {
  return (Object.keys(readers) as Kind[]).filter((kind) => permissions.has(readers[kind]));
}

function pick(values: Record<string, string | undefined>, names: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    names.flatMap((name) => (values[name] === undefined ? [] : [[name, values[name]] as const])),
  );
}

/** Goes on after the event that `Last-Event-ID` names, as browsers say when they come back. */
function stream(context: ApiContext, store: EventStore): Response {
  const kinds = readableKinds(context.get("user"));
  const asked = context.req.header("last-event-id") ?? "";
  return streamSSE(context, async (output) => {
    const bell = createBell();
    const subscription = await store.onChange(() => bell.ring());
    output.onAbort(() => bell.ring());
    const end = Date.now() + longestStream;
    let last = /^\d{1,15}$/.test(asked) ? Number(asked) : ((await store.events({ limit: 1 }))[0]?.id ?? 0);
    try {
      while (!output.aborted && Date.now() < end) {
        const events = await store.events({ limit: mostEvents, afterId: last, kinds });
        for (const event of events)
          await output.writeSSE({ id: String(event.id), event: "information", data: JSON.stringify(event) });
        last = events.at(-1)?.id ?? last;
        if (events.length === 0 && !(await bell.rings(heartbeat))) await output.write(": still here\n\n");
      }
    } finally {
      await subscription.close();
    }
  });
}

/** Remembers that it was rung while nobody listened. */
function createBell() {
  let rung = false;
  let answer = () => {};
  return {
    ring(): void {
      rung = true;
      answer();
    },
    /** Waits for a ring, for so many milliseconds at most; says whether there was one. */
    async rings(time: number): Promise<boolean> {
      if (!rung)
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, time);
          answer = () => {
            clearTimeout(timer);
            resolve();
          };
        });
      const heard = rung;
      rung = false;
      return heard;
    },
  };
}
