import { getConnInfo } from "@hono/node-server/conninfo";
import { Hono } from "hono";

import { messageOf, outcomeOf, AppError } from "../../errors.ts";
import type { Log } from "../../log.ts";
import { Secret } from "../../secret.ts";
import { createFailedAttempts } from "../access/failed-attempts.ts";
import type { KeyRing } from "../access/key-ring.ts";
import { refuse } from "../answers.ts";
import { type ApiContext, type ApiRoute, type ApiVariables, mayAccess } from "./api-route.ts";

/** What the Dashboard API is made of. */
export interface ApiOptions {
  readonly keys: Pick<KeyRing, "userOf" | "settled">;
  readonly routes: readonly ApiRoute[];
  readonly log: Log;
}

/** Serves the operations of the Dashboard API to users with a key and the permission. Mount it at `/api`. */
export function createApi({ keys, routes, log }: ApiOptions): Hono<ApiVariables> {
  const api = new Hono<ApiVariables>({ strict: false });
  const attempts = createFailedAttempts();
  api.use(async (context, next) => {
    const given = context.req.header("authorization")?.trim() ?? "";
    const key = new Secret(given);
    const user = given === "" ? null : keys.userOf(key);
    if (!user) return given === "" ? refuse(context, 401, "Not authorised") : refuseWrongKey(context);
    context.set("user", user);
    context.set("userNow", async () => {
      await keys.settled();
      return keys.userOf(key);
    });
    return await next();
  });
  for (const { method, path, access, handle } of routes)
    api.on(method, path, (context) =>
      mayAccess(context.get("user"), access)
        ? handle(context)
        : refuse(context, 403, denial(context.req.path)),
    );
  for (const [path, methods] of methodsByPath(routes))
    api.all(path, (context) => refuse(context, 405, "Method not allowed", { allow: methods.join(", ") }));
  api.notFound((context) => refuse(context, 404, "Not found"));
  api.onError((error, context) => {
    const { http, level } = outcomeOf(error);
    log[level]({ path: context.req.path, reason: messageOf(error) }, "a request to the Dashboard API failed");
    return refuse(context, http as 400, toldReason(error));
  });
  return api;

  /** Only wrong keys wait: whoever has a right one does not pay for others behind the same address. */
  function refuseWrongKey(context: ApiContext): Response {
    const address = getConnInfo(context).remote.address ?? "";
    const wait = attempts.waitOf(address);
    if (wait > 0)
      return refuse(context, 429, "Too many wrong keys. Try again later.", {
        "retry-after": String(Math.ceil(wait / 1000)),
      });
    if (attempts.failed(address) === "last")
      log.warn({ address }, "an address has sent many wrong keys: more of them get a 429 for a while");
    return refuse(context, 401, "Not authorised");
  }
}

/** What a client may know of a failure: neither where the store is, nor how it is asked. */
function toldReason(error: unknown): string {
  if (!(error instanceof AppError)) return "Internal error; the log has more.";
  const isOfStore = error.code === "database-failed" || error.code === "database-unreachable";
  return isOfStore ? "The store can't be used right now; the log has more." : error.message;
}

/** The two spaces are the API's own (Dashboard facts 1.1). */
function denial(path: string): string {
  return `access denied: You do not have permission to access  ${path}`;
}

function methodsByPath(routes: readonly ApiRoute[]): Map<string, string[]> {
  const methods = new Map<string, string[]>();
  for (const { path, method } of routes) methods.set(path, [...(methods.get(path) ?? []), method]);
  return methods;
}
