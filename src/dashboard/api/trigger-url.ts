import { ownField } from "../../exchange/json-object.ts";
import { isParameter } from "../../manifest/route.ts";
import type { TriggerRequest } from "./trigger-request.ts";

/** A path with its query, or what it lacks. */
export type TriggerUrl = { readonly url: string } | { readonly problem: string };

const longest = 16 * 1024;

/**
 * The path and query that a request calls: its route, or the definition's own, with a value for each placeholder.
 * What has no leading slash lies below the base.
 */
export function triggerUrl(
  { route, parameters, query }: Pick<TriggerRequest, "route" | "parameters" | "query">,
  ownPath: string,
  routeBase: string,
): TriggerUrl {
  const [path = "", ...asked] = (route ?? ownPath).split("?");
  const segments = path.split("/");
  const names = segments.filter(isParameter).map((segment) => segment.slice(1, -1));
  const missing = names.find((name) => (ownField(parameters, name) ?? "") === "");
  if (missing !== undefined) return { problem: `'parameters' needs a text for '${missing}'.` };
  const unknown = Object.keys(parameters).find((name) => !names.includes(name));
  if (unknown !== undefined) return { problem: `'parameters' names '${unknown}', which the route does not.` };
  const filled = segments.map((segment) =>
    isParameter(segment) ? encodeURIComponent(parameters[segment.slice(1, -1)] ?? "") : literal(segment),
  );
  const start = path.startsWith("/") ? "" : `${routeBase}/`;
  const queries = [asked.join("?"), query].filter((part) => part !== "");
  const url = start + filled.join("/") + (queries.length > 0 ? `?${queries.join("&")}` : "");
  return url.length > longest ? { problem: "Path and query are longer than 16 KiB." } : { url };
}

/** A manifest may write what a request has to encode. */
function literal(segment: string): string {
  return /^[\x21-\x7e]*$/.test(segment) ? segment : encodeURIComponent(segment);
}
