import { createHash } from "node:crypto";

import { startEndpoint, type Endpoint, type EndpointOptions } from "../../src/endpoint/endpoint.ts";
import type { ServingFeed } from "../../src/endpoint/table/next-state.ts";
import { silentLog } from "../../src/log.ts";
import type { ApiDefinitionSpec } from "../../src/manifest/api-definition.generated.ts";
import type { ApiTokenSpec } from "../../src/manifest/api-token.generated.ts";
import type { ServingCredential } from "../../src/store/credentials/credential-store.ts";
import type { ServingState } from "../../src/store/serving/serving-store.ts";
import { createTargetGuard } from "../../src/target-guard.ts";

type Definition = ServingState["definitions"][number];
type Token = ServingState["tokens"][number];

/** The secret of the token `internal`. */
export const secret = "k".repeat(40);

/** The header with it. */
export const bearer = { authorization: `Bearer ${secret}` };

/** A stored definition; open to all unless the spec says otherwise. */
export function definition(
  name: string,
  spec: Partial<ApiDefinitionSpec>,
  files: Record<string, string> = {},
): Definition {
  return {
    ...stored(name),
    kind: "ApiDefinition",
    files,
    spec: { action: { reply: { body: name } }, keyless: spec.tokens === undefined, ...spec },
  };
}

/** A stored definition, and the contents of its files for `state`. */
export interface Scripted {
  readonly definition: Definition;
  readonly blobs: readonly (readonly [digest: string, content: string])[];
}

/** A stored definition with a script of this text. */
export function scripted(
  name: string,
  source: string,
  spec: Partial<ApiDefinitionSpec> = {},
  script: Partial<NonNullable<ApiDefinitionSpec["action"]["script"]>> = {},
): Scripted {
  const digest = sha256(source);
  const file = `scripts/${name}.js`;
  return {
    definition: definition(
      name,
      { route: name, action: { script: { file, ...script } }, ...spec },
      { [file]: digest },
    ),
    blobs: [[digest, source]],
  };
}

/** A stored definition with middleware of these texts, whose function is the default export. */
export function withMiddleware(
  spec: Partial<ApiDefinitionSpec>,
  { pre = [], post = [] }: { pre?: readonly string[]; post?: readonly string[] },
  item: Scripted = { definition: definition("it", spec), blobs: [] },
): Scripted {
  const files = Object.fromEntries(
    [...pre, ...post].map((source) => [`m-${sha256(source)}.js`, sha256(source)]),
  );
  const scripts = (sources: readonly string[]) =>
    sources.map((source) => ({ file: `m-${sha256(source)}.js` }));
  return {
    definition: {
      ...item.definition,
      files: { ...item.definition.files, ...files },
      spec: { ...item.definition.spec, middleware: { pre: scripts(pre), post: scripts(post) } },
    },
    blobs: [...item.blobs, ...[...pre, ...post].map((source): [string, string] => [sha256(source), source])],
  };
}

/** A stored token. */
export function token(name: string, spec: Partial<ApiTokenSpec> = {}): Token {
  return { ...stored(name), kind: "ApiToken", files: {}, spec: { secret: { generate: true }, ...spec } };
}

/** The credential of a token with this secret. */
export function credential(
  tokenName: string,
  value: string,
  notAfter: string | null = null,
): ServingCredential {
  const hash = sha256(value);
  return { id: Number.parseInt(hash.slice(0, 8), 16), tokenId: stored(tokenName).id, hash, notAfter };
}

/** A serving state of these definitions, with the token `internal`. */
export function state(
  definitions: readonly (Definition | Scripted)[],
  rest: Partial<ServingState> = {},
): ServingState {
  return {
    revision: 1,
    commit: "c".repeat(40),
    definitions: definitions.map((item) => ("blobs" in item ? item.definition : item)),
    tokens: [token("internal")],
    credentials: [credential("internal", secret)],
    blobs: new Map(definitions.flatMap((item) => ("blobs" in item ? item.blobs : []))),
    ...rest,
  };
}

/** A feed whose state a test sets. */
export interface TestFeed {
  readonly serving: () => Promise<ServingState>;
  readonly onChange: (listener: () => void) => Promise<{ close: () => Promise<void> }>;
  /** Changes the state and says so. */
  readonly set: (next: ServingState | Error) => void;
  readonly listeners: ReadonlySet<() => void>;
}

export function feedOf(initial: ServingState | Error): TestFeed {
  let current = initial;
  const listeners = new Set<() => void>();
  return {
    listeners,
    serving: async () => {
      if (current instanceof Error) throw current;
      return current;
    },
    onChange: async (listener) => {
      listeners.add(listener);
      return { close: async () => void listeners.delete(listener) };
    },
    set(next) {
      current = next;
      for (const listener of listeners) listener();
    },
  };
}

/** Starts an endpoint on a free port. */
export async function serve(
  from: ServingState | ServingFeed,
  options: Partial<EndpointOptions> = {},
): Promise<Endpoint> {
  return await startEndpoint({
    host: "127.0.0.1",
    port: 0,
    base: "/api/custom",
    nodeId: 7,
    revisionHeader: "X-Gitway-Revision",
    scriptWorkers: 2,
    scriptQueue: 16,
    webSockets: 100,
    trustedProxies: [],
    targets: createTargetGuard(),
    noticeInterval: 60_000,
    feed: "serving" in from ? from : feedOf(from),
    log: silentLog(),
    ...options,
  });
}

/** The error code of an error body. */
export async function errorCode(response: { json(): Promise<unknown> }): Promise<number> {
  const body = (await response.json()) as { errors: { errorCode: number }[] };
  return body.errors[0]!.errorCode;
}

function stored(name: string) {
  return {
    id: `00000000-0000-4000-8000-${sha256(name).slice(0, 12)}`,
    name,
    labels: {},
    annotations: {},
    hash: sha256(name),
    version: 1,
    commit: "c".repeat(40),
    written: { path: `apis/${name}.yaml`, line: 1 },
    path: `apis/${name}.yaml`,
    line: 1,
    origin: null,
  };
}

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
