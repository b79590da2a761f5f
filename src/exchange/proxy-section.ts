import { join } from "node:path/posix";

import type { Action, ApiDefinitionSpec, ProxyAction } from "../manifest/api-definition.generated.ts";
import { type Fields, flagOf, refuse, textOf, textsOf } from "./fields.ts";
import { type JsonObject, saidFields } from "./json-object.ts";

type Address = Pick<ApiDefinitionSpec, "route" | "listenPath">;

/**
 * `proxy.listen_path`, with one slash in front and none doubled. A path below the base of the routes is
 * a route.
 */
export function readAddress(proxy: Fields, routeBase: string): Address {
  const text = textOf(proxy, "listen_path") ?? "";
  if (text === "") return {};
  const path = /^\w+:\/\//.test(text) ? text : join("/", text);
  const base = `${routeBase}/`;
  if (!path.toLowerCase().startsWith(base.toLowerCase()) || path.length === base.length)
    return { listenPath: path };
  return { route: path.slice(base.length).replace(/\/$/, "") };
}

/** The listen path that stands for a route or a listen path. */
export function writeAddress({ route, listenPath }: Address, routeBase: string): string {
  return route === undefined ? (listenPath ?? "") : `${routeBase}/${route}`;
}

/** The proxy that a definition asks for; undefined when it names no target. */
export function readProxy(proxy: Fields): Action | undefined {
  const targetUrl = textOf(proxy, "target_url") ?? "";
  const targets = readTargets(proxy);
  if (targetUrl === "" && targets === undefined) return undefined;
  return {
    proxy: saidFields<ProxyAction>({
      targetUrl: targets ? undefined : targetUrl,
      targets,
      stripPath: flagOf(proxy, "strip_listen_path"),
      keepTrailingSlash: flagOf(proxy, "disable_strip_slash"),
      hostHeader: flagOf(proxy, "preserve_host_header") ? "preserve" : "upstream",
    }),
  };
}

/** The targets of load balancing, to which the scheme is added where it is missing (Dashboard facts 2.2). */
function readTargets(proxy: Fields): string[] | undefined {
  if (!flagOf(proxy, "enable_load_balancing")) return undefined;
  const targets = textsOf(proxy, "target_list").map((target) =>
    target.includes("://") ? target : `http://${target}`,
  );
  if (targets.length > 0) return targets;
  const flaw = "all load balancing targets have weight 0, at least one target must have weight > 0";
  refuse(proxy, "target_list", "invalid-value", flaw);
  return undefined;
}

/** The field `proxy`. */
export function writeProxy(
  { action, ...address }: Address & Partial<Pick<ApiDefinitionSpec, "action">>,
  routeBase: string,
): JsonObject {
  const { targetUrl, targets, stripPath = true, hostHeader, keepTrailingSlash } = action?.proxy ?? {};
  return {
    listen_path: writeAddress(address, routeBase),
    target_url: targetUrl ?? targets?.[0] ?? "",
    strip_listen_path: stripPath,
    ...(hostHeader === "preserve" ? { preserve_host_header: true } : {}),
    ...(keepTrailingSlash ? { disable_strip_slash: true } : {}),
    ...(targets ? { enable_load_balancing: true, target_list: targets } : {}),
  };
}
