import { allPermissions } from "../access/acting-user.ts";
import { reasonNames } from "./reasons.ts";

/** JSON Schema 2020-12, as OpenAPI 3.1 has it. */
export type Shape = Readonly<Record<string, unknown>>;

const text = { type: "string" };
const optionalText = { type: ["string", "null"] };
const flag = { type: "boolean" };
const number = { type: "integer" };
const time = { type: "string", format: "date-time" };
const optional = (shape: Shape): Shape => ({ anyOf: [shape, { type: "null" }] });
const list = (items: Shape): Shape => ({ type: "array", items });
const texts: Shape = { anyOf: [text, list(text)] };
const reference = (name: string): Shape => ({ $ref: `#/components/schemas/${name}` });

/** An object with these fields. Those that end in a question mark may be absent. */
function fields(named: Readonly<Record<string, Shape>>, more: boolean | Shape = false): Shape {
  const properties = Object.entries(named).map(([name, shape]) => [name.replace("?", ""), shape] as const);
  return {
    type: "object",
    required: Object.keys(named).filter((name) => !name.endsWith("?")),
    properties: Object.fromEntries(properties),
    additionalProperties: more,
  };
}

const person = fields({ name: text, email: text });
const change = fields({ author: person, commit: text });
const kind = { type: "string", enum: ["ApiDefinition", "ApiToken", "Webhook", "User"] };
const identity = { kind, id: text, name: text };
const waiting = { "since?": time, "commit?": optionalText, "author?": optional(person) };
const place = { path: text, line: number, commit: text };
const limit = optional({ type: "object" });
const mark = optional(fields({ commit: text, revision: number, at: time }));

/** Every shape that the Dashboard API takes or gives, by name. */
export const shapes = {
  Envelope: fields({
    Status: { type: "string", enum: ["OK", "Error"] },
    Message: text,
    Meta: { type: ["string", "null", "object"] },
    "Errors?": list(text),
    "Reasons?": list(reference("Reason")),
  }),
  Reason: fields({
    Reason: { type: "string", enum: reasonNames },
    Message: text,
    "Id?": { ...text, description: "The object that the request is about." },
    "Route?": { ...text, description: "Of InvalidRoute and RouteInUse: the route that was asked for." },
    "ConflictingDefinitionId?": { ...text, description: "Of RouteInUse: the definition that has the route." },
    "ApiDefinitionIds?": { ...list(text), description: "Of TokenInUse: the definitions that use the token." },
  }),
  Definition: fields(
    {
      api_model: { type: "object" },
      api_definition: fields({ id: text, name: text, api_id: text, org_id: text, proxy: {} }, true),
      hook_references: list({ type: "object" }),
      "gitway?": { type: "object" },
      "created_at?": time,
      "updated_at?": time,
    },
    true,
  ),
  DefinitionRequest: fields({ api_definition: { type: "object" } }, true),
  Definitions: fields({ apis: list(reference("Definition")), pages: number }),
  HookRequest: fields({ method: text, target_path: text }, true),
  Hook: fields({ id: text, org_id: text, name: text, method: text, target_path: text }, true),
  Hooks: fields({ hooks: list(reference("Hook")), pages: number }),
  Count: fields({ count: number }),
  Token: fields({
    id: text,
    name: text,
    description: optionalText,
    disabled: flag,
    rateLimit: limit,
    quota: limit,
    expires: optionalText,
    secret: { type: "string", enum: ["generate", "env", "file", "sha256"] },
    "createdAt?": time,
    "createdBy?": text,
    "updatedAt?": time,
    "updatedBy?": text,
    ...place,
    "credentials?": list(reference("Credential")),
  }),
  TokenChange: fields({
    "name?": text,
    "description?": optionalText,
    "disabled?": { type: ["boolean", "null"] },
    "rateLimit?": limit,
    "quota?": limit,
    "expires?": optionalText,
  }),
  IssuedToken: fields({ token: text, secret: text, credential: reference("Credential") }),
  Tokens: fields({ tokens: list(reference("Token")), pages: number }),
  Credential: fields({
    id: number,
    tokenId: text,
    tokenName: text,
    origin: { type: "string", enum: ["issued", "reference"] },
    issuedBy: text,
    issuedAt: time,
    notAfter: optional(time),
    revokedAt: optional(time),
    lastUsed: optional(time),
  }),
  User: fields({
    id: text,
    name: text,
    displayName: text,
    emails: list(text),
    active: flag,
    permissions: list({ type: "string", enum: allPermissions }),
    hasKey: flag,
    ...place,
  }),
  Users: fields({ users: list(reference("User")), pages: number }),
  Me: fields({
    user: optionalText,
    name: text,
    email: text,
    permissions: list({ type: "string", enum: allPermissions }),
  }),
  Event: fields({
    id: number,
    time,
    parameterId: { const: 64650 },
    parameterName: { const: "User-defined APIs" },
    message: text,
    action: { type: "string", enum: ["added", "updated", "deleted", "issued", "rotated", "revoked"] },
    kind,
    objectId: text,
    name: text,
    route: optionalText,
    actor: fields({ name: text, email: text, user: optionalText }),
    "byGitway?": flag,
    committer: optional(person),
    contributors: list(person),
    releasedBy: optional(change),
    commit: optionalText,
    "authoredAt?": time,
    "firstWritten?": fields({ author: person, commit: text, authoredAt: optional(time) }),
    path: optionalText,
    line: optional(number),
    revision: number,
    versionBefore: optional(number),
    versionAfter: optional(number),
    objectHash: optionalText,
    previousHash: text,
    hash: text,
  }),
  Events: fields({
    events: list(reference("Event")),
    "before?": optional(number),
    "after?": optional(number),
  }),
  Sync: fields({
    status: optional(
      fields(
        {
          source: fields({ url: text, branch: text, paths: list(text) }),
          attempted: mark,
          applied: mark,
          converged: mark,
          state: { type: "string", enum: ["synced", "degraded", "failed", "suspended"] },
          error: optional(fields({ code: text, message: text })),
          "staying?": fields({
            revision: number,
            count: number,
            objects: list(fields({ kind: text, name: text })),
          }),
          since: time,
          quarantined: list(
            fields({
              ...identity,
              problems: list({ type: "object" }),
              serving: flag,
              ...waiting,
              "brokenBy?": optional(change),
              lastGood: optional(fields({ version: number, ...place })),
            }),
          ),
          held: list(fields({ ...identity, route: optionalText, code: text, reason: text, ...waiting })),
          problems: list({ type: "object" }),
        },
        true,
      ),
    ),
    suspension: optional(reference("Suspension")),
  }),
  Suspension: fields({ since: time, by: person, reason: optionalText }),
  Suspended: fields({ suspension: optional(reference("Suspension")) }),
  SuspendRequest: fields({ "reason?": text }),
  TriggerRequest: fields({
    "definition?": text,
    "route?": text,
    "parameters?": { type: "object", additionalProperties: text },
    "method?": text,
    "query?": { anyOf: [text, { type: "object", additionalProperties: texts }] },
    "headers?": { type: "object", additionalProperties: texts },
    "body?": text,
    "secret?": text,
    "as?": text,
  }),
  TriggerAnswer: fields({
    succeeded: flag,
    time,
    duration: number,
    revision: number,
    definition: optionalText,
    status: optional(number),
    statusName: optionalText,
    headers: { type: "object", additionalProperties: list(text) },
    size: optional(number),
    body: optionalText,
    isBase64: flag,
    isTruncated: flag,
    reason: optional(
      fields({
        errorCode: optional(number),
        name: text,
        detail: text,
        publicErrorCode: optional(number),
        rule: optionalText,
        details: list(text),
      }),
    ),
  }),
  Consent: fields({
    "commit?": { ...text, description: "The commit of the status that was looked at." },
    "held?": list(fields({ kind: text, name: text }, true)),
  }),
  Plan: { type: "object" },
  OpenApi: { type: "object" },
} as const satisfies Record<string, Shape>;

/** The name of a shape. */
export type ShapeName = keyof typeof shapes;
