import { isObject } from "../../exchange/json-object.ts";
import type { Plan } from "../../plan/plan.ts";
import type { ConsentOutcome, ConsentRequest } from "../../reconcile/consent.ts";
import { readReason } from "../../reconcile/suspended.ts";
import type { Store, SyncStatus } from "../../store/store.ts";
import { refuse } from "../answers.ts";
import { access, type ApiContext, type ApiRoute } from "./api-route.ts";
import { readJson } from "./read-json.ts";

/** What can be asked of the process that reconciles. */
export interface SyncControl {
  /** Looks at the source now, and applies what changed. */
  readonly reconcile: () => Promise<SyncStatus>;
  /** The same, with consent to deletions that wait. */
  readonly consent: (request: ConsentRequest) => Promise<ConsentOutcome>;
  /** What that would change. */
  readonly plan: () => Promise<Plan>;
}

type SyncStore = Pick<Store, "readSync" | "suspension" | "suspend" | "resume">;

/** What the operations on reconciling work on. */
export interface SyncParts {
  readonly store: SyncStore;
  /** Null when this process does not reconcile. */
  readonly sync: SyncControl | null;
}

/** How reconciling stands: what is live, what is quarantined or held, and why; and what to do about it. */
export function syncRoutes({ store, sync }: SyncParts): ApiRoute[] {
  const here = async (
    context: ApiContext,
    act: (control: SyncControl) => Promise<Response>,
  ): Promise<Response> =>
    sync ? await act(sync) : refuse(context, 409, "This process does not reconcile: ask the one that does.");
  return [
    {
      method: "GET",
      path: "/sync",
      access: access.readDefinitions,
      summary: "Say how reconciling stands; null before the first pass.",
      answer: "Sync",
      handle: async (context) => {
        const [status, suspension] = await Promise.all([store.readSync(), store.suspension()]);
        return context.json({ status, suspension });
      },
    },
    {
      method: "POST",
      path: "/sync/plan",
      access: access.manageSync,
      summary: "Say what reconciling would change now. Changes nothing.",
      answer: "Plan",
      handle: (context) => here(context, async (control) => context.json(await control.plan())),
    },
    {
      method: "POST",
      path: "/sync/reconcile",
      access: access.manageSync,
      summary: "Look at the source now.",
      answer: "Sync",
      handle: (context) =>
        here(context, async (control) =>
          context.json({ status: await control.reconcile(), suspension: null }),
        ),
    },
    {
      method: "POST",
      path: "/sync/consent",
      access: access.manageSync,
      summary:
        "Let deletions through that wait: those of the status, if nothing else waits since, or those that are named.",
      body: "Consent",
      bodyMayBeAbsent: true,
      answer: "Sync",
      handle: (context) => here(context, (control) => consent(context, control)),
    },
    {
      method: "POST",
      path: "/sync/suspend",
      access: access.manageSync,
      summary:
        "Let nothing from Git go live, in any process, until it is resumed. An earlier suspension stays.",
      body: "SuspendRequest",
      bodyMayBeAbsent: true,
      answer: "Suspended",
      handle: (context) => suspend(context, store),
    },
    {
      method: "POST",
      path: "/sync/resume",
      access: access.manageSync,
      summary: "End the suspension. What waits goes live.",
      answer: "Suspended",
      handle: async (context) => {
        const { name, email } = context.get("user");
        await store.resume({ name, email });
        return context.json({ suspension: null });
      },
    },
  ];
}

async function suspend(context: ApiContext, store: SyncStore): Promise<Response> {
  const body = await readJson(context.req.raw, { whenEmpty: {} });
  if ("message" in body) return refuse(context, body.status, body.message);
  const { value } = body;
  if (!isObject(value) || Object.keys(value).some((field) => field !== "reason"))
    return refuse(context, 400, "Give an object with a 'reason', or nothing.");
  const given = value["reason"] ?? "";
  if (typeof given !== "string") return refuse(context, 400, "'reason' must be text.");
  const read = readReason(given);
  if ("problem" in read) return refuse(context, 400, read.problem);
  const { name, email } = context.get("user");
  const suspension = await store.suspend({ by: { name, email }, reason: read.reason });
  return context.json({ suspension });
}

async function consent(context: ApiContext, control: SyncControl): Promise<Response> {
  const body = await readJson(context.req.raw, { whenEmpty: {} });
  if ("message" in body) return refuse(context, body.status, body.message);
  const request = readConsent(body.value);
  if (typeof request === "string") return refuse(context, 400, request);
  const outcome = await control.consent(request);
  if (outcome.status === "refused") return refuse(context, 409, outcome.message);
  return context.json({ status: outcome.sync, suspension: null });
}

/** What is consented to, or a sentence that says what is wrong with that. */
function readConsent(value: unknown): ConsentRequest | string {
  if (!isObject(value)) return "Request body malformed.";
  const { commit = null, held = null, ...others } = value;
  const [other] = Object.keys(others);
  if (other !== undefined) return `Unknown field '${other.slice(0, 80)}': the fields are commit, held.`;
  if (commit !== null && typeof commit !== "string") return "'commit' must be the id of a commit.";
  if (held !== null && !(Array.isArray(held) && held.every(isNamed)))
    return "'held' must be a list of objects with 'kind' and 'name'.";
  return { commit, objects: held };
}

function isNamed(value: unknown): value is { kind: string; name: string } {
  return isObject(value) && typeof value["kind"] === "string" && typeof value["name"] === "string";
}
