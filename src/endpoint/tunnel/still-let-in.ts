import type { Call } from "../call.ts";
import { findCall } from "../find-call.ts";
import { standsWithRules } from "../rules/rules.ts";
import type { RouteTable } from "../table/route-table.ts";

/**
 * Whether a table lets in a call that goes on, as it came: by the same definition, which is still a proxy.
 * What has been counted is not counted again, and middleware is not run again.
 */
export function isStillLetIn(table: RouteTable, before: Call): boolean {
  const { call, refusal } = findCall(table, { ...before, usage: null });
  if (!call || refusal || call.definition.id !== before.definition.id) return false;
  return call.definition.action.kind === "proxy" && standsWithRules(call);
}
