import { silentLog } from "../../src/log.ts";
import { createPlanMemory } from "../../src/plan/relevant-part.ts";
import { runPass, type PassParts, type PassResult } from "../../src/reconcile/pass.ts";
import { createTurns } from "../../src/reconcile/turns.ts";
import type { Secret } from "../../src/secret.ts";
import { openSource, type Source } from "../../src/source/open-source.ts";
import { openStore } from "../../src/store/open-store.ts";
import type { Store } from "../../src/store/store.ts";
import { createDatabase } from "./database.ts";
import { createRepository, type TestRepository } from "./git-repository.ts";
import { temporaryFolder } from "./temporary-folder.ts";

/** A repository, a source on it, a store, and the pass between them. */
export interface Reconciling {
  readonly repository: TestRepository;
  readonly source: Source;
  readonly store: Store;
  readonly databaseUrl: string;
  readonly parts: PassParts;
  pass(options?: Partial<PassParts>): Promise<PassResult>;
  /** The messages of all events, oldest first. */
  messages(): Promise<string[]>;
  close(): Promise<void>;
}

/** What of a test's surroundings is not as usual. */
export interface ReconcilingOptions {
  /** By environment variable. */
  readonly secrets?: Readonly<Record<string, Secret>>;
  /** Bytes. */
  readonly fileSize?: number;
  /** The URL at which the repository is followed; its path when absent. */
  readonly location?: (repository: TestRepository) => Promise<string>;
}

export async function createReconciling(options: ReconcilingOptions = {}): Promise<Reconciling> {
  const { secrets = {}, fileSize = 1024 * 1024 } = options;
  const [repository, folder, database] = await Promise.all([
    createRepository(),
    temporaryFolder(),
    createDatabase(),
  ]);
  const location = (await options.location?.(repository)) ?? repository.path;
  const log = silentLog();
  const store = await openStore({ databaseUrl: database.url }, { log });
  const source = await openSource({
    location,
    branch: null,
    paths: ["apis"],
    mirror: `${folder.path}/mirror.git`,
    credentials: {},
    limits: { fileSize, files: 10_000, parseTime: 5000, gitTime: 30_000 },
    routeBase: "/api/custom",
    log,
  });
  const parts: PassParts = {
    source,
    store,
    sourceStatus: { url: location, branch: "", paths: ["apis"] },
    pruneLimit: { objects: 3, share: 0.25 },
    allowPrune: false,
    resolveSecret: async ({ env }) => secrets[env ?? ""] ?? null,
    planMemory: createPlanMemory(),
    turns: createTurns(),
    log,
  };
  return {
    repository,
    source,
    store,
    databaseUrl: database.url,
    parts,
    pass: (options) => runPass({ ...parts, ...options }),
    messages: async () => (await store.events({ limit: 1000 })).map(({ message }) => message),
    async close() {
      await source.close();
      await store.close();
      await database.drop();
      await Promise.all([repository.remove(), folder.remove()]);
    },
  };
}

/** The text of a manifest that replies on a route. */
export function replyManifest(
  name: string,
  route: string,
  body = "ok",
  tokens: readonly string[] = [],
): string {
  return `apiVersion: gitway/v1
kind: ApiDefinition
metadata: { name: ${name} }
spec:
  route: ${route}
  tokens: [${tokens.join(", ")}]
  action: { reply: { body: ${JSON.stringify(body)} } }
`;
}

export function tokenManifest(name: string, secret = "generate: true"): string {
  return `apiVersion: gitway/v1
kind: ApiToken
metadata: { name: ${name} }
spec: { secret: { ${secret} } }
`;
}
