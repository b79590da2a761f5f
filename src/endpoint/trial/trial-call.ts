import type { IncomingMessage, ServerResponse } from "node:http";

import type { ApiDefinitionSpec } from "../../manifest/api-definition.generated.ts";
import { deriveId } from "../../manifest/identity.ts";
import { type Call, noEdits } from "../call.ts";
import { judgePath, noPathLists } from "../table/path-lists.ts";
import { prepareDefinition } from "../table/served-definition.ts";

/** A script or middleware that is tried, and the call that it gets. */
export interface ScriptTrial {
  readonly file: string;
  /** An ES module. */
  readonly source: string;
  /** What the manifest would say of the file: a script action, or one middleware. */
  readonly spec: Pick<ApiDefinitionSpec, "action" | "middleware">;
  readonly call: TrialCall;
}

/** A call as the rules before the script would hand it on. */
export interface TrialCall {
  readonly method: string;
  /** As it came, below the base, without outer slashes. */
  readonly route: string;
  /** What follows the route, with a leading slash. */
  readonly path: string;
  readonly routeParameters: Readonly<Record<string, string>>;
  readonly query: readonly (readonly [name: string, value: string])[];
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: Buffer;
  readonly clientAddress: string;
  /** Null for a call that needs none. */
  readonly token: { readonly id: string; readonly name: string } | null;
  /** The name of the definition. */
  readonly definition: string;
  readonly version: string | null;
}

/** The call that the endpoint would have after its rules, of a request that came with method, headers and body. */
export function trialCall(trial: ScriptTrial, request: IncomingMessage, response: ServerResponse): Call {
  const { token, route, path, routeParameters, query, clientAddress, method, version } = trial.call;
  const paths = noPathLists;
  return {
    id: "trial",
    request,
    response,
    ownHeaders: [],
    target: {
      host: "localhost",
      segments: path.split("/").filter((segment) => segment !== ""),
      trailingSlash: path.endsWith("/"),
      query: new URLSearchParams(query.map(([name, value]): [string, string] => [name, value])).toString(),
    },
    definition: preparedDefinition(trial),
    isBatch: false,
    isById: false,
    parameters: routeParameters,
    depth: 0,
    rest: path,
    routeSegments: route.split("/"),
    versionPath: "",
    version: version === null ? null : { name: version, end: null, target: null, paths },
    versionFault: null,
    path: judgePath(paths, [], method),
    clientAddress,
    isHandedOn: false,
    upgrade: null,
    caller: token && {
      tokenId: token.id,
      tokenName: token.name,
      limits: { charges: [], notice: null },
    },
    tokenName: token?.name ?? null,
    tokenFault: null,
    tokenPresented: token !== null,
    edits: noEdits,
    usage: null,
    receivedAt: Date.now(),
  };
}

function preparedDefinition({ file, source, spec, call: { definition: name, token, route } }: ScriptTrial) {
  const access = token ? { tokens: [token.name] } : { keyless: true };
  const stored = {
    kind: "ApiDefinition" as const,
    id: deriveId("ApiDefinition", name),
    name,
    labels: {},
    annotations: {},
    hash: "",
    spec: { route, ...access, ...spec },
    files: { [file]: file },
    version: 0,
    commit: "",
    written: { path: file, line: 1 },
    path: file,
    line: 1,
    origin: null,
  };
  return prepareDefinition(stored, new Map([[file, source]]));
}
