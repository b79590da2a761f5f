/**
 * A process of its own that opens the store of a data folder, says `open` and the number of its revision,
 * and closes the store when its standard input ends. `kill -9` is what else may happen to it.
 */
import { silentLog } from "../../src/log.ts";
import { openStore } from "../../src/store/open-store.ts";

const store = await openStore({ dataDir: process.argv[2] ?? "" }, { log: silentLog() });
const { revision } = await store.current();
process.stdout.write(`open ${revision}\n`);
process.stdin.on("end", () => void store.close().then(() => process.stdout.write("closed\n")));
process.stdin.resume();
