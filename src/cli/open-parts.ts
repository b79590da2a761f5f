import { join } from "node:path";

import { readOptionSecret, secretResolver } from "../config-secrets.ts";
import type { Config } from "../config.ts";
import type { Log } from "../log.ts";
import { createPlanMemory } from "../plan/relevant-part.ts";
import type { PassParts } from "../reconcile/pass.ts";
import { createTurns } from "../reconcile/turns.ts";
import type { Source } from "../source/open-source.ts";
import type { Store } from "../store/store.ts";
import { createClosing } from "./closing.ts";

// Source and store are loaded when they are opened: help and `validate` start twice as fast without.

/** Opens the store that the options name. One that `mayBeAway` is opened all the same, and fails when it is used. */
export async function openConfiguredStore(
  config: Config,
  log: Log,
  { mayBeAway = false }: { readonly mayBeAway?: boolean } = {},
): Promise<Store> {
  const { openStore } = await import("../store/open-store.ts");
  const { databaseUrl, dataDir } = config;
  const location = databaseUrl === null ? { dataDir } : { databaseUrl: databaseUrl.reveal() };
  return openStore(location, { log, mayBeAway });
}

/** Where the endpoint keeps the last table for a start while the store is away. */
export function snapshotFile({ dataDir }: Config): string {
  return join(dataDir, "endpoint-snapshot.jsonl.gz");
}

/** Opens the source that the options name. */
export async function openConfiguredSource(config: Config, log: Log): Promise<Source> {
  const { openSource } = await import("../source/open-source.ts");
  const { username, password, sshKeyFile, knownHostsFile } = config.credentials;
  const secret = readOptionSecret("credentials.password", password, config.environment());
  return openSource({
    location: config.source,
    branch: config.branch,
    paths: config.paths,
    mirror: join(config.dataDir, "mirror.git"),
    credentials: {
      ...(username === null ? {} : { username }),
      ...(secret === null ? {} : { password: secret }),
      ...(sshKeyFile === null ? {} : { sshKeyFile }),
      ...(knownHostsFile === null ? {} : { knownHostsFile }),
    },
    limits: config.limits,
    routeBase: config.endpoint.base,
    targets: config.targets,
    environment: config.environment(),
    log,
  });
}

/** What a pass needs, from the options and what was opened. */
export function passParts(
  config: Config,
  opened: { readonly source: Source; readonly store: Store; readonly log: Log; readonly allowPrune: boolean },
): PassParts {
  const { source, store, log, allowPrune } = opened;
  return {
    source,
    store,
    sourceStatus: { url: source.description, branch: config.branch ?? "HEAD", paths: config.paths },
    pruneLimit: config.prune,
    allowPrune,
    resolveSecret: secretResolver(config.secretsDir, config.environment(), log),
    planMemory: createPlanMemory(),
    turns: createTurns(),
    log,
  };
}

/** Opens the store for as long as `use` runs. */
export async function withStore<T>(config: Config, log: Log, use: (store: Store) => Promise<T>): Promise<T> {
  const closing = createClosing();
  try {
    return await use(closing.add("the store", await openConfiguredStore(config, log)));
  } finally {
    await closing.close();
  }
}

/** Opens source and store for as long as `use` runs. */
export async function withPass<T>(
  config: Config,
  options: { readonly log: Log; readonly allowPrune: boolean },
  use: (parts: PassParts) => Promise<T>,
): Promise<T> {
  const closing = createClosing();
  try {
    // The source first: what is wrong with it shows soon, and before a database is started.
    const source = closing.add("the source", await openConfiguredSource(config, options.log));
    const store = closing.add("the store", await openConfiguredStore(config, options.log));
    return await use(passParts(config, { source, store, ...options }));
  } finally {
    await closing.close();
  }
}
