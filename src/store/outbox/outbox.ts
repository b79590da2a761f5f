import type { Closeable } from "../../closeable.ts";
import type { InformationEvent } from "../information-event.ts";
import type { RequestEvent } from "./request-event.ts";

/** What a webhook is told: what templates can fill in, and the default body as it stands. */
export interface EventMessage {
  readonly event: RequestEvent["on"] | "InformationEvent";
  readonly message: string;
  /** What callers are not told; null where the message says it all. */
  readonly reason: string | null;
  /** The path of the request. */
  readonly path: string | null;
  /** The address of the client. */
  readonly origin: string | null;
  /** The name of the token; never its secret. */
  readonly key: string | null;
  /** The name of the definition that it happened to; null for what concerns several. */
  readonly definition: string | null;
  /** ISO 8601, UTC. */
  readonly time: string;
  /** The whole information event, when it is one. */
  readonly information: InformationEvent | null;
}

/** A message whose turn it is, with the webhook as it is now. */
export interface DueDelivery {
  /** A UUID, the same at each attempt. */
  readonly id: string;
  /** Which attempt this is; the first is 1. */
  readonly attempt: number;
  /** Milliseconds since the event. */
  readonly age: number;
  /** Milliseconds; 0 sends every message. */
  readonly dedupe: number;
  readonly message: EventMessage;
  readonly webhook: DueWebhook;
}

/** The request that a webhook asks for. */
export interface DueWebhook {
  readonly id: string;
  readonly name: string;
  readonly url: string;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Milliseconds. */
  readonly timeout: number;
  /** Null for the default body. */
  readonly template: { readonly path: string; readonly text: string } | null;
}

/** How an attempt ended: it is over, or to be repeated after so many milliseconds. */
export type DeliveryOutcome =
  | { readonly state: "delivered"; readonly status: number }
  | { readonly state: "failed"; readonly status: number | null; readonly error: string }
  | { readonly state: "duplicate" }
  | {
      readonly state: "retry";
      readonly after: number;
      readonly status: number | null;
      readonly error: string;
    };

/** An entry of the log of deliveries. */
export interface Delivery {
  /** The UUID that the receiver saw in `X-Gitway-Delivery`. */
  readonly id: string;
  /** When the event was noted. ISO 8601, UTC. */
  readonly time: string;
  readonly event: string;
  readonly message: string;
  readonly definition: string | null;
  readonly webhook: string;
  /** `dropped`: the webhook is gone; `duplicate`: the same was said within the dedupe window. */
  readonly state: "pending" | "sending" | "delivered" | "failed" | "dropped" | "duplicate";
  readonly attempts: number;
  /** The HTTP status of the last answer; null when there was none. */
  readonly status: number | null;
  /** What the last attempt failed with; null when it did not. */
  readonly error: string | null;
  /** When it is tried again; null when it is over. ISO 8601, UTC. */
  readonly nextAttempt: string | null;
  readonly finishedAt: string | null;
  /** How many messages were left out because they said the same. */
  readonly duplicates: number;
}

/** What became of events that were handed over. Those that no webhook waits for are in neither. */
export interface Enqueued {
  readonly enqueued: number;
  /** Left out, because the same was said within the dedupe window. */
  readonly duplicates: number;
  /** Left out, because too many wait for the same webhook. */
  readonly dropped: number;
}

/** Messages to webhooks: what waits, who sends it, and what became of it. Failures are `AppError`s. */
export interface Outbox {
  /** Notes events of requests for the webhooks of their definitions. Information events note themselves. */
  enqueue(events: readonly RequestEvent[]): Promise<Enqueued>;
  /**
   * Takes messages that are due, at most one for each webhook and none for one that somebody is sending to.
   * Whoever takes one finishes it within `lease` milliseconds, or it becomes due again.
   */
  claim(options: {
    /** Ids of webhooks to leave out. */
    readonly except: readonly string[];
    readonly limit: number;
    readonly lease: number;
  }): Promise<readonly DueDelivery[]>;
  /**
   * Notes that a message is said now. False when another delivery said the same within its window. `key` is
   * the SHA-256, hex, of what is the same.
   */
  mark(delivery: Pick<DueDelivery, "id" | "dedupe">, key: string): Promise<boolean>;
  /** Records how an attempt ended; ignored when somebody else has taken the message since. */
  finish(delivery: Pick<DueDelivery, "id" | "attempt">, outcome: DeliveryOutcome): Promise<void>;
  /** Gives up what waits for webhooks that are gone, and says how much that was. */
  dropOrphans(): Promise<number>;
  /** Deletes what is over and older than 30 days or beyond the newest 100,000. */
  trim(): Promise<void>;
  /** How many messages wait or are being sent. */
  pending(): Promise<number>;
  /** The newest `limit` entries of the log, of one webhook when asked so; oldest first. */
  deliveries(query: { readonly limit: number; readonly webhook?: string }): Promise<readonly Delivery[]>;
  /** Calls back when messages were added. Some calls may be lost: look from time to time too. */
  onEnqueued(listener: () => void): Promise<Closeable>;
}
