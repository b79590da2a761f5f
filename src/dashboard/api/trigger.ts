import { getConnInfo } from "@hono/node-server/conninfo";

import { refuse } from "../answers.ts";
import type { Catalogue } from "../catalogue.ts";
import { access, type ApiContext, type ApiRoute } from "./api-route.ts";
import { readJson } from "./read-json.ts";
import { shownOutcome, type TriggerOutcome } from "./trigger-answer.ts";
import { readTriggerRequest, type TriggerRequest } from "./trigger-request.ts";
import { triggerUrl } from "./trigger-url.ts";

/** A call on behalf of the console, ready to be made. */
export interface TriggerCall extends Pick<TriggerRequest, "method" | "headers" | "body" | "secret" | "as"> {
  /** The name of who triggers, for the log. */
  readonly by: string;
  /** The name of the definition that must have the path; null for whichever has it. */
  readonly definition: string | null;
  /** The path with its query. */
  readonly url: string;
  /** Empty for any. */
  readonly host: string;
  readonly clientAddress: string;
}

/** Why a call is not made at all. */
export interface TriggerRefusal {
  readonly status: 400 | 404 | 409 | 503;
  readonly message: string;
}

/** Has a call decided and answered as the endpoint would. The signal ends it early. */
export type Trigger = (call: TriggerCall, signal: AbortSignal) => Promise<TriggerOutcome | TriggerRefusal>;

/** What triggering works on. */
export interface TriggerParts {
  readonly catalogue: () => Promise<Catalogue>;
  /** The path below which routes are served. */
  readonly routeBase: string;
  readonly trigger: Trigger;
}

/** Calling a definition on behalf of the console, with the reason that callers are not told (UD-APIs 8). */
export function triggerRoutes(parts: TriggerParts): ApiRoute[] {
  return [
    {
      method: "POST",
      path: "/trigger",
      access: access.trigger,
      isConsole: true,
      summary: "Call a definition as the endpoint would, and say why it fails if it does. Not counted.",
      body: "TriggerRequest",
      answer: "TriggerAnswer",
      handle: (context) => trigger(context, parts),
    },
  ];
}

async function trigger(context: ApiContext, parts: TriggerParts): Promise<Response> {
  const body = await readJson(context.req.raw);
  if ("message" in body) return refuse(context, body.status, body.message);
  const request = readTriggerRequest(body.value);
  if (typeof request === "string") return refuse(context, 400, request);
  const { name, permissions } = context.get("user");
  // Who may issue a secret of a token can come as it anyway.
  if (request.as !== null && !permissions.has("tokens.edit"))
    return refuse(context, 403, "To come 'as' a token takes the permission tokens.edit. Give its 'secret'.");
  const asked = request.definition;
  const entry = asked === null ? null : (await parts.catalogue()).find(asked);
  if (entry === undefined) return refuse(context, 404, "API definition does not exist");
  const { spec } = entry?.object ?? {};
  const path = triggerUrl(request, spec?.route ?? spec?.listenPath ?? "/", parts.routeBase);
  if ("problem" in path) return refuse(context, 400, path.problem);
  const outcome = await parts.trigger(
    {
      ...callOf(request, spec?.domain ?? ""),
      by: name,
      definition: entry?.object.name ?? null,
      url: path.url,
      clientAddress: getConnInfo(context).remote.address ?? "",
    },
    context.req.raw.signal,
  );
  if ("message" in outcome) return refuse(context, outcome.status, outcome.message);
  const mayRead = {
    definitions: permissions.has("definitions.read"),
    tokens: permissions.has("tokens.read"),
  };
  return context.json(shownOutcome(outcome, mayRead));
}

/** A host that is given wins over the domain of the definition. */
function callOf({ method, headers, body, secret, as }: TriggerRequest, domain: string) {
  const isHost = ([name]: readonly [string, string]) => name.toLowerCase() === "host";
  const host = headers.find(isHost)?.[1] ?? domain;
  return { method, headers: headers.filter((header) => !isHost(header)), body, secret, as, host };
}
