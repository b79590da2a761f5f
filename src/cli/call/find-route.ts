import { parseRequestTarget, pathBelow } from "../../endpoint/http/request-target.ts";
import { methodsOf, takesMethod } from "../../endpoint/rules/method.ts";
import { buildRouteTable, matchRoute } from "../../endpoint/table/route-table.ts";
import { AppError } from "../../errors.ts";
import type { ServingState } from "../../store/serving/serving-store.ts";

type Definition = ServingState["definitions"][number];

/** A request as somebody asks about it. */
export interface AskedRequest {
  /** Upper case; null for any. */
  readonly method: string | null;
  /** A path below the base, a path from the root, or a URL. */
  readonly route: string;
}

/** Who would answer a request, and whether. */
export interface FoundRoute {
  /** The request with its whole path, as it would be written. */
  readonly request: string;
  /** The definition that holds the path; null when none does. */
  readonly definition: Definition | null;
  /** What stands for the placeholders of the route. */
  readonly parameters: Readonly<Record<string, string>>;
  /** What follows a prefix. */
  readonly rest: string;
  readonly methods: readonly string[];
  /** Why the definition does not answer; null when it does. */
  readonly refusal: "nobody" | "inactive" | "method" | null;
}

/** Asks the endpoint's own table who answers a request. Fails with `usage` for what no request can ask for. */
export async function findRoute(state: ServingState, base: string, asked: AskedRequest): Promise<FoundRoute> {
  const url = urlOf(asked.route, base);
  const target = parseRequestTarget(url, undefined);
  if (!target)
    throw new AppError("usage", `'${asked.route}' is no path that a request can have. Write it as in a URL.`);
  const request = asked.method === null ? url : `${asked.method} ${url}`;
  const match = matchRoute(await buildRouteTable(state, base), target);
  const definition = state.definitions.find(({ id }) => id === match?.definition.id);
  if (!match || !definition)
    return { request, definition: null, parameters: {}, rest: "", methods: [], refusal: "nobody" };
  const { parameters } = match;
  const rest = pathBelow(match.below, target);
  const taken = asked.method === null || takesMethod(match.definition, asked.method);
  const refusal = match.definition.active ? (taken ? null : "method") : "inactive";
  return { request, definition, parameters, rest, methods: methodsOf(match.definition), refusal };
}

/** What somebody writes for a request, as the target of one: a route lies below the base. */
export function urlOf(route: string, base: string): string {
  return route.startsWith("/") || /^https?:\/\//i.test(route) ? route : `${base.replace(/\/$/, "")}/${route}`;
}
