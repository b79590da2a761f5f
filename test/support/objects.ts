import { createHash } from "node:crypto";

import type { ApiDefinitionSpec } from "../../src/manifest/api-definition.generated.ts";
import type { ApiTokenSpec } from "../../src/manifest/api-token.generated.ts";
import { hashObject } from "../../src/manifest/canonical.ts";
import type { Kind, Manifest } from "../../src/manifest/manifest.ts";
import type { UserSpec } from "../../src/manifest/user.generated.ts";
import type { WebhookSpec } from "../../src/manifest/webhook.generated.ts";
import type { AttributedChange, Attribution, Change, Person, StoredObject } from "../../src/plan/plan.ts";

/** Who wrote the test objects. */
export const johnDoe: Person = { name: "John Doe", email: "john.doe@example.com" };

/** A commit by John Doe, or by whoever is given. */
export function attribution(overrides: Partial<Attribution> = {}): Attribution {
  return { author: johnDoe, committer: johnDoe, commit: commitId("first"), contributors: [], ...overrides };
}

/** 40 hex digits. */
export function commitId(seed: string): string {
  return createHash("sha1").update(seed).digest("hex");
}

/** A UUID that is the same for the same seed. */
export function uuid(seed: string): string {
  const hex = createHash("sha1").update(seed).digest("hex");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-5${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

interface Common {
  readonly name: string;
  readonly id?: string;
  readonly labels?: Record<string, string>;
  readonly annotations?: Record<string, string>;
  /** Digests by path. */
  readonly files?: Record<string, string>;
  readonly file?: string;
  readonly line?: number;
}

/** A definition that answers with a fixed reply. */
export function definition(
  options: Common & { readonly route?: string; readonly spec?: Partial<ApiDefinitionSpec> },
): Manifest {
  const route = options.spec?.listenPath === undefined ? { route: options.route ?? options.name } : {};
  return manifest("ApiDefinition", options, {
    ...route,
    active: true,
    action: { reply: { status: 200, body: "ok" } },
    tokens: [],
    ...options.spec,
  } satisfies ApiDefinitionSpec);
}

/** A token whose secret an operator issues. */
export function token(options: Common & { readonly spec?: Partial<ApiTokenSpec> }): Manifest {
  return manifest("ApiToken", options, { secret: { generate: true }, ...options.spec });
}

/** A user with one address. */
export function user(
  options: Common & { readonly emails?: string[]; readonly spec?: Partial<UserSpec> },
): Manifest {
  return manifest("User", options, {
    displayName: options.name,
    emails: options.emails ?? [`${options.name}@example.com`],
    permissions: [],
    ...options.spec,
  });
}

/** A webhook to this URL. */
export function webhook(
  options: Common & { readonly url?: string; readonly spec?: Partial<WebhookSpec> },
): Manifest {
  return manifest("Webhook", options, { url: options.url ?? "http://127.0.0.1:9/", ...options.spec });
}

function manifest(kind: Kind, options: Common, spec: unknown): Manifest {
  const said = {
    kind,
    id: options.id ?? uuid(`${kind}/${options.name}`),
    name: options.name,
    labels: options.labels ?? {},
    annotations: options.annotations ?? {},
    spec,
    files: options.files ?? {},
  };
  const line = options.line ?? 1;
  return {
    ...said,
    hash: hashObject(said),
    place: {
      file: options.file ?? `apis/${options.name}.yaml`,
      line,
      column: 1,
      endLine: line + 9,
      endColumn: 1,
    },
    places: {},
  } as Manifest;
}

/** The change that creates an object. */
export function create(after: Manifest, by: Attribution = attribution()): AttributedChange {
  return { change: changeOf({ action: "create", before: null, after }), attribution: by };
}

/** The change that replaces a stored object. */
export function update(
  before: StoredObject,
  after: Manifest,
  by: Attribution = attribution(),
): AttributedChange {
  return { change: changeOf({ action: "update", before, after }), attribution: by };
}

/** The change that deletes a stored object. */
export function remove(before: StoredObject, by: Attribution = attribution()): AttributedChange {
  return { change: changeOf({ action: "delete", before, after: null }), attribution: by };
}

function changeOf(change: Pick<Change, "action" | "before" | "after">): Change {
  const object = change.after ?? change.before;
  if (!object) throw new Error("a change needs an object");
  const route =
    object.kind === "ApiDefinition" ? (object.spec.route ?? object.spec.listenPath ?? null) : null;
  return { ...change, kind: object.kind, id: object.id, name: object.name, route, fields: [] } as Change;
}
