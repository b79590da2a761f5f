import { startDelivery } from "../../src/delivery/delivery.ts";
import { silentLog } from "../../src/log.ts";
import { openStore } from "../../src/store/open-store.ts";
import { createTargetGuard } from "../../src/target-guard.ts";

/** A process that delivers what is in the store of a database, until it is killed. */
const store = await openStore({ databaseUrl: process.argv[2] ?? "" }, { log: silentLog() });
await startDelivery({ store, targets: createTargetGuard(), log: silentLog(), times: { lease: 500 } });
