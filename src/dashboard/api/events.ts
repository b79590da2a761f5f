import type { Store } from "../../store/store.ts";
import { refuse } from "../answers.ts";
import { access, type ApiRoute } from "./api-route.ts";
import { eventParameters, readEventQuery } from "./event-query.ts";
import { eventStreams } from "./event-stream.ts";

type EventStore = Pick<Store, "events" | "onChange">;

/** Information events: by filter and page, and live. */
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
        const query = readEventQuery(context.req.query(), context.get("user"));
        if (typeof query === "string") return refuse(context, 400, query);
        const events = await store.events(query);
        const isLast = events.length < query.limit;
        // Pages lead the way that was asked for: back in time, or forth.
        return query.afterId === undefined
          ? context.json({ events, before: isLast ? null : (events[0]?.id ?? null) })
          : context.json({ events, after: isLast ? null : (events.at(-1)?.id ?? null) });
      },
    },
    {
      method: "GET",
      path: "/events/stream",
      access: access.readAnything,
      summary: "Information events as they happen, as server-sent events.",
      answer: "EventStream",
      handle: eventStreams(store),
    },
  ];
}
