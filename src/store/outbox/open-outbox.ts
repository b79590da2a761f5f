import type { Closeable } from "../../closeable.ts";
import type { Log } from "../../log.ts";
import type { Database } from "../database.ts";
import { keepListening } from "../listener.ts";
import { claimDeliveries, dropOrphans, finishDelivery, markDelivery } from "./delivery.ts";
import { enqueueEvents } from "./enqueue.ts";
import { countPending, readDeliveries, trimDeliveries } from "./log.ts";
import type { Outbox } from "./outbox.ts";
import { outboxChannel } from "./rows.ts";

/** The outbox of a database. `keep` makes a feed close with the store. */
export function openOutbox(database: Database, log: Log, keep: (feed: Closeable) => Closeable): Outbox {
  return {
    enqueue: (events) => enqueueEvents(database, events),
    claim: (options) => claimDeliveries(database, options),
    mark: (delivery, key) => markDelivery(database, delivery, key),
    finish: (delivery, outcome) => finishDelivery(database, delivery, outcome),
    dropOrphans: () => dropOrphans(database),
    trim: () => trimDeliveries(database),
    pending: () => countPending(database),
    deliveries: (query) => readDeliveries(database, query),
    onEnqueued: async (listener) =>
      keep(await keepListening(database, outboxChannel, async () => listener(), log)),
  };
}
