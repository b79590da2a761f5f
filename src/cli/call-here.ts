import { randomBytes } from "node:crypto";

import { closest } from "../closest.ts";
import type { Config } from "../config.ts";
import type { ActionsToRun, Explained } from "../endpoint/explain/explain.ts";
import { parseRequestTarget } from "../endpoint/request-target.ts";
import { buildRouteTable, matchRoute, type RouteTable } from "../endpoint/route-table.ts";
import { AppError } from "../errors.ts";
import type { Log } from "../log.ts";
import { Secret } from "../secret.ts";
import type { ServingState } from "../store/serving-store.ts";
import { type AskedCall, withToken } from "./asked-call.ts";

/** How a request is decided here. */
export interface CallHere {
  readonly state: ServingState;
  readonly asked: AskedCall;
  /** The token to come with, without its secret; null for what the request carries. */
  readonly as: string | null;
  readonly clientAddress: string;
  readonly actions: ActionsToRun;
  readonly config: Config;
  readonly log: Log;
}

/** Has a request decided by the endpoint's own code in this process. */
export async function callHere(options: CallHere): Promise<Explained> {
  const { as, clientAddress, actions, config, log } = options;
  const { asked, table } = as === null ? await asItCame(options) : await withTokenOf(as, options);
  const { explainRequest } = await import("../endpoint/explain/explain.ts");
  const { host } = asked;
  return await explainRequest(asked, { ...config.endpoint, table, host, clientAddress, actions, log });
}

interface Prepared {
  readonly asked: AskedCall;
  readonly table: RouteTable;
}

async function asItCame({ state, asked, config }: CallHere): Promise<Prepared> {
  return { asked, table: await buildRouteTable(state, config.endpoint.base) };
}

/** Gives the token a secret that only this request knows, where the definition looks for one. */
async function withTokenOf(name: string, { state, asked, config }: CallHere): Promise<Prepared> {
  const token = state.tokens.find((token) => token.name === name);
  if (!token) throw unknownToken(name, state);
  const secret = new Secret(randomBytes(32).toString("base64url"));
  const hash = secret.hash().toString("hex");
  const credentials = [...state.credentials, { id: 0, tokenId: token.id, hash, notAfter: null }];
  const table = await buildRouteTable({ ...state, credentials }, config.endpoint.base);
  const target = parseRequestTarget(asked.url, asked.host);
  const definition = target && matchRoute(table, target)?.definition;
  const header = definition?.tokenLocation.header ?? "authorization";
  return { asked: withToken(asked, header, secret), table };
}

function unknownToken(name: string, { tokens }: ServingState): AppError {
  const meant = closest(
    name,
    tokens.map((token) => token.name),
  );
  const advice = meant === null ? "'gitway get tokens' lists them." : `Did you mean '${meant}'?`;
  return new AppError("not-found", `There is no ApiToken '${name}'. ${advice}`);
}
