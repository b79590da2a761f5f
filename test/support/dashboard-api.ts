import { createTriggering, type Triggering } from "../../src/cli/call/trigger.ts";
import { dashboardDoors } from "../../src/cli/daemon/dashboard-doors.ts";
import { administratorKeyFile, administratorKeys } from "../../src/dashboard/access/administrator-key.ts";
import { openKeyRing } from "../../src/dashboard/access/key-ring.ts";
import { openApiOf } from "../../src/dashboard/api/openapi.ts";
import { type ApiParts, apiRoutes } from "../../src/dashboard/api/routes.ts";
import { createMetrics } from "../../src/dashboard/metrics.ts";
import { startDashboard } from "../../src/dashboard/server.ts";
import { type Log, silentLog } from "../../src/log.ts";
import { Secret } from "../../src/secret.ts";
import { createTargetGuard } from "../../src/target-guard.ts";
import { checkAgainst, type DocumentCheck, type OpenApiDocument } from "./openapi-document.ts";
import { createReconciling, type Reconciling, type ReconcilingOptions } from "./reconciling.ts";
import { temporaryFolder } from "./temporary-folder.ts";

/** A dashboard on a store and a repository. */
export interface TestApi extends Reconciling {
  readonly url: string;
  readonly administratorKeyFile: string;
  /** A request below `/api`, with a key. Fails when it is answered as the document of the API does not say. */
  request(path: string, key: string | null, init?: RequestInit): Promise<Response>;
}

/** How a test dashboard writes. */
export interface TestApiOptions extends Pick<ReconcilingOptions, "location"> {
  readonly edits?: "commit" | "branch" | "off";
  readonly log?: Log;
  readonly consoleIsOn?: boolean;
}

/** The organisation of test dashboards. */
export const orgId = "54b53d3aeba6db5c35000002";

/** What the operations work on in tests. */
export function partsOf(
  { store, parts }: Pick<Reconciling, "store" | "parts">,
  options: TestApiOptions = {},
  { trigger }: Triggering = triggeringOf(store, silentLog()),
): ApiParts {
  const dashboard = {
    host: "",
    port: 0,
    hosts: [],
    orgId,
    edits: options.edits ?? "commit",
    newFiles: "{path}/{kind}/{name}.yaml",
  } as const;
  return {
    store,
    orgId,
    routeBase: "/api/custom",
    consoleIsOn: options.consoleIsOn ?? true,
    trigger,
    ...dashboardDoors({ dashboard, paths: ["apis"] }, () => parts, true),
  };
}

function triggeringOf(store: Reconciling["store"], log: Log): Triggering {
  const endpoint = {
    base: "/api/custom",
    nodeId: 7,
    revisionHeader: "X-Gitway-Revision",
    trustedProxies: ["127.0.0.1"],
  };
  return createTriggering({ store, endpoint, targets: createTargetGuard(), log });
}

/** Starts a dashboard; users may refer to the keys of this environment. */
export async function startTestApi(
  keys: Record<string, string> = {},
  options: TestApiOptions = {},
): Promise<TestApi> {
  const [reconciling, folder] = await Promise.all([createReconciling(options), temporaryFolder()]);
  const { store } = reconciling;
  const { log = silentLog() } = options;
  const triggering = triggeringOf(store, log);
  const ring = await openKeyRing({
    store,
    resolveKey: async ({ env }) => (keys[env ?? ""] === undefined ? null : new Secret(keys[env ?? ""]!)),
    administratorKey: administratorKeys(folder.path, log),
    log,
  });
  const routes = apiRoutes(partsOf(reconciling, options, triggering));
  const check = checkAgainst(openApiOf(routes) as unknown as OpenApiDocument);
  const dashboard = await startDashboard({
    host: "127.0.0.1",
    port: 0,
    hosts: [],
    health: async () => ({
      ready: true,
      reason: null,
      servedRevision: null,
      servedFrom: null,
      appliedRevision: null,
      state: "unknown",
    }),
    metrics: createMetrics(
      () => null,
      () => store.suspension(),
    ).exposition,
    webhook: null,
    api: { keys: ring, routes },
    log,
  });
  return {
    ...reconciling,
    url: dashboard.url,
    administratorKeyFile: `${folder.path}/${administratorKeyFile}`,
    async request(path, key, init = {}) {
      const headers = { ...(key === null ? {} : { authorization: key }), ...(init.headers as object) };
      const answer = await fetch(`${dashboard.url}/api${path}`, { ...init, headers });
      const operation = check.operationOf(init.method ?? "GET", path);
      if (operation !== null) await expectDocumented(check, operation, answer);
      return answer;
    },
    async close() {
      await dashboard.close();
      await ring.close();
      await triggering.close();
      await reconciling.close();
      await folder.remove();
    },
  };
}

/** What is no JSON is a stream: it is not read here. */
async function expectDocumented(check: DocumentCheck, operation: string, answer: Response): Promise<void> {
  const type = answer.headers.get("content-type")?.split(";", 1)[0] ?? "";
  const content: unknown = type === "application/json" ? await answer.clone().json() : "";
  const wrong = check.answer(operation, answer.status, type, content);
  if (wrong.length > 0)
    throw new Error(
      `The document of ${operation} has no such answer: ${JSON.stringify(wrong).slice(0, 500)}`,
    );
}

/** The manifest of a user whose key is in an environment variable. */
export function userManifest(name: string, env: string, permissions: readonly string[], more = ""): string {
  return `apiVersion: gitway/v1
kind: User
metadata: { name: ${name} }
spec:
  displayName: ${name} Doe
  emails: [${name}@example.com]
  permissions: [${permissions.join(", ")}]
  key: { env: ${env} }
${more}`;
}
