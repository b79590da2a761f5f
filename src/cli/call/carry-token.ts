import { lendSecret } from "../../endpoint/explain/lend-secret.ts";
import { parseRequestTarget } from "../../endpoint/http/request-target.ts";
import { matchRoute, type RouteTable } from "../../endpoint/table/route-table.ts";
import type { Secret } from "../../secret.ts";
import { type AskedCall, withToken } from "./asked-call.ts";

/** A request, and the table that decides it. */
export interface CarriedToken {
  readonly asked: AskedCall;
  readonly table: RouteTable;
}

/** A request with a secret in the header in which its definition looks for one. */
export function carrySecret(asked: AskedCall, table: RouteTable, secret: Secret): AskedCall {
  const target = parseRequestTarget(asked.url, asked.host);
  const definition = target && matchRoute(table, target)?.definition;
  return withToken(asked, definition?.tokenLocation.header ?? "authorization", secret);
}

/** A request that comes as a token, with a secret that only it and its table know; null without such a token. */
export function carryToken(asked: AskedCall, table: RouteTable, tokenName: string): CarriedToken | null {
  const lent = lendSecret(table, tokenName);
  return lent && { asked: carrySecret(asked, lent.table, lent.secret), table: lent.table };
}
