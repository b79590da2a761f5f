import type { MiddlewareHandler } from "hono";

import { refuse } from "../answers.ts";
import { hostName, type HostNames, knownHosts } from "./known-hosts.ts";

/**
 * Lets through what is meant for this dashboard: called by a name of its own, and not written by a page of another
 * site in somebody's browser.
 */
export function onlyOwnRequests(names: HostNames): MiddlewareHandler {
  const isKnown = knownHosts(names);
  const listed = new Set(names.hosts.map(hostName));
  return async (context, next) => {
    const host = context.req.header("host") ?? "";
    if (!isKnown(host))
      return refuse(
        context,
        421,
        `This dashboard is not known as '${host.slice(0, 255)}'. If it should be, add that name to the option dashboard.hosts.`,
      );
    const site = context.req.header("sec-fetch-site");
    const origin = context.req.header("origin");
    const isRead = context.req.raw.method === "GET" || context.req.raw.method === "HEAD";
    if (!isRead && isForeign({ host, site, origin }, listed))
      return refuse(
        context,
        403,
        `A page of another site (${(origin ?? "unknown").slice(0, 255)}) may write nothing here. Send it from a page of this host, or not from a browser.`,
      );
    return await next();
  };
}

interface Sender {
  readonly host: string;
  /** What `Sec-Fetch-Site` says: whatever else browsers say, no page can forge it. */
  readonly site: string | undefined;
  readonly origin: string | undefined;
}

/**
 * Whether the page that sends a request is of another origin. What says nothing is no browser. A proxy may put
 * another host in the place of the one that the browser knows: that one is listed then.
 */
function isForeign({ host, site, origin }: Sender, listed: ReadonlySet<string | null>): boolean {
  if (site !== undefined) return site !== "same-origin" && site !== "none";
  if (origin === undefined) return false;
  if (!URL.canParse(origin)) return true;
  const page = new URL(origin);
  const own = `${page.protocol}//${host}`;
  if (URL.canParse(own) && new URL(own).host === page.host) return false;
  return page.port !== "" || !listed.has(hostName(page.host));
}
