import { streamSSE } from "hono/streaming";

import { AppError } from "../../errors.ts";
import type { Store } from "../../store/store.ts";
import { refuse } from "../answers.ts";
import type { ApiContext } from "./api-route.ts";
import { mostEvents, readableKinds } from "./event-query.ts";

const heartbeat = 15_000;
const longestStream = 60 * 60_000;
const mostStreams = 100;

/**
 * Gives the answer that sends events as they happen, as server-sent events. It goes on after the event that
 * `Last-Event-ID` names, as browsers say when they come back, and ends with what the user may read.
 */
export function eventStreams(
  store: Pick<Store, "events" | "onChange">,
): (context: ApiContext) => Response | Promise<Response> {
  let open = 0;
  return (context) => {
    // Nobody would read what comes.
    if (context.req.raw.method === "HEAD")
      return context.body(null, 200, { "content-type": "text/event-stream" });
    if (open >= mostStreams)
      return refuse(context, 503, `There are ${mostStreams} streams of events already.`, {
        "retry-after": "60",
      });
    open++;
    return stream(context, store, () => open--);
  };
}

function stream(
  context: ApiContext,
  store: Pick<Store, "events" | "onChange">,
  onEnd: () => void,
): Response | Promise<Response> {
  const asked = context.req.header("last-event-id") ?? "";
  return streamSSE(context, async (output) => {
    const bell = createBell();
    output.onAbort(() => bell.ring());
    const end = Date.now() + longestStream;
    try {
      const subscription = await store.onChange(() => bell.ring());
      try {
        let last = /^\d{1,15}$/.test(asked)
          ? Number(asked)
          : ((await store.events({ limit: 1 }))[0]?.id ?? 0);
        while (!output.aborted && Date.now() < end) {
          const events = await store.events({ limit: mostEvents, afterId: last });
          // Asked after the events were read: what a user may read is what holds now, not when the stream began.
          const user = await context.get("userNow")();
          const kinds = new Set(user ? readableKinds(user) : []);
          if (kinds.size === 0) break;
          for (const event of events.filter(({ kind }) => kinds.has(kind)))
            await output.writeSSE({
              id: String(event.id),
              event: "information",
              data: JSON.stringify(event),
            });
          last = events.at(-1)?.id ?? last;
          if (events.length === 0 && !(await bell.rings(heartbeat))) await output.write(": still here\n\n");
        }
      } finally {
        await subscription.close();
      }
    } catch (error) {
      // The store is away: the stream ends, and whoever comes back for more is told, and the log with it.
      if (!(error instanceof AppError)) throw error;
    } finally {
      onEnd();
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
