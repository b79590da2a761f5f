import { isDeepStrictEqual } from "node:util";

import { nextTarget, prepareProxy } from "../../../src/endpoint/actions/proxy-target.ts";
import { judgePath, pathBelow, preparePathLists } from "../../../src/endpoint/path-lists.ts";
import { parseRequestTarget } from "../../../src/endpoint/request-target.ts";
import { buildRouteTable, matchRoute } from "../../../src/endpoint/route-table.ts";
import { presentedSecret, tokenLocation } from "../../../src/endpoint/token-location.ts";
import { definitionFromClassic } from "../../../src/exchange/definition-from-classic.ts";
import { listenPathFlaws } from "../../../src/manifest/route.ts";
import { definition, state } from "../serving.ts";
import { type GatewayCase, type Suite, withSuiteDefaults } from "./cases.ts";

type Json = Readonly<Record<string, unknown>>;

const routeBase = "/api/custom";

/** What Gitway makes of the input of a fact, in the form of the fact's output. */
const functions: Readonly<Record<string, (input: never, suite: Suite) => unknown>> = {
  selectVersionForUnversioned: ({ not_versioned, default_version, version_keys }: SelectInput) =>
    servedVersion(version_keys, { not_versioned, default_version }),
  "ambiguousDefault(keys)": (keys: string[]) => read(versionsOf(keys, { not_versioned: true })) === null,
  "versionForUnversioned(keys)": (keys: string[]) =>
    `ok:${servedVersion(keys, { not_versioned: true, default_version: "" })}`,
  "allowListActive(def)": (input: Json) => keepsOut(input, "ipAllowList"),
  "blockListActive(def)": (input: Json) => keepsOut(input, "ipBlockList"),
  "validateIpLists(def) -> errors": (input: Json) => flaws(input).filter((flaw) => flaw.includes("IP/CIDR")),
  "validateLoadBalancing(def)": ({ ...proxy }: Json) => flaws({ proxy }),
  roundRobin: ({ len, calls }: { len: number; calls: number }) => turns(len, calls),
  "stripListenPath(listen,url)": ([listen, url]: [string, string]) => stripped(listen, url),
  "isValidListenPath(path)": (path: string) => listenPathFlaws(path, routeBase).length === 0,
  "matchEndpoint(pattern,path)": ([pattern, path]: [string, string]) => takes(`${pattern}$`, path),
  normaliseListenPath: (path: string) => listenPathOf(path),
  sortListenPaths: (paths: string[]) => precedence(paths),
  "listsForPreflight (white_list has GET /test)": () => preflight(),
  "count APIs loaded": (_input: Json, { apis = [] }: Suite) =>
    apis.filter((api) => read({ ...api, use_keyless: true }) !== null).length,
  stripBearer: (value: string) =>
    presentedSecret(tokenLocation(), { authorization: value }, "", false)?.reveal() ?? null,
  initWebhookHandler: (meta: Json) => handler(meta),
};

/** Whether Gitway makes of a fact's input what the fact says. Undefined where there is nothing to ask. */
export async function holdsInCode(suite: Suite, fact: GatewayCase): Promise<boolean | undefined> {
  if (suite.fn === "endpointPattern") return samePattern(fact as unknown as PatternFact);
  const run = functions[suite.fn ?? ""];
  if (!run) return undefined;
  return isDeepStrictEqual(await run(fact["in"] as never, suite), fact["out"]);
}

interface SelectInput {
  readonly not_versioned: boolean;
  readonly default_version: string;
  readonly version_keys: readonly string[];
}

/** A definition whose versions block a path of their own name each. */
function versionsOf(keys: readonly string[], data: Json): Json {
  const versions = keys.map((key) => [
    key,
    { name: key, use_extended_paths: false, paths: { black_list: [`/${key}-x`] } },
  ]);
  return { version_data: { ...data, versions: Object.fromEntries(versions) } };
}

/** The version that a request without one gets; null when the definition is refused. */
function servedVersion(keys: readonly string[], data: Json): string | null {
  const spec = read(versionsOf(keys, data));
  if (!spec) return null;
  if (spec.versions) return spec.versions.default ?? null;
  return spec.paths?.blocked?.[0]?.path.slice(1, -2) ?? null;
}

function read(api: Json) {
  const reading = definitionFromClassic(withTarget(api), { routeBase, takenNames: new Set() });
  return reading.definition?.spec ?? null;
}

function flaws(api: Json): string[] {
  const reading = definitionFromClassic(withTarget(api), { routeBase, takenNames: new Set() });
  return reading.problems.map(({ message }) => message.replace(/^[^:]*: /, ""));
}

function withTarget(api: Json): Json {
  return JSON.parse(
    JSON.stringify(withSuiteDefaults(api)).replaceAll("<echo upstream>", "http://127.0.0.1:1"),
  ) as Json;
}

/** Whether a list keeps anybody out. */
function keepsOut(api: Json, list: "ipAllowList" | "ipBlockList"): boolean {
  const spec = read(api);
  const { enabled = false, addresses = [] } = spec?.[list] ?? {};
  return enabled && (list === "ipAllowList" || addresses.length > 0);
}

function turns(length: number, calls: number): (number | undefined)[] {
  const hosts = Array.from({ length }, (_, index) => `http://target-${index}`);
  const proxy = prepareProxy({ targets: hosts });
  return Array.from({ length: calls }, () => nextTarget(proxy)).map((target) =>
    target ? hosts.indexOf(target.origin) : undefined,
  );
}

async function stripped(listen: string, url: string): Promise<string | null> {
  const spec = read({ proxy: { listen_path: listen } });
  const target = parseRequestTarget(url.replace(/^(?=[^/])/, "/"), "");
  if (!spec || !target) return null;
  const table = await buildRouteTable(state([definition("it", spec)]), routeBase);
  const match = matchRoute(table, target);
  return match && pathBelow(match.below, target).replace(/^$/, "/");
}

function listenPathOf(path: string): string | undefined {
  const spec = read({ proxy: { listen_path: path } });
  // Nothing stands for the path that is made from the id.
  return path === "" && spec?.listenPath === "/test/" ? "" : spec?.listenPath;
}

/** Whether a pattern of an allowed path takes a path; `error` when the pattern is refused. */
function takes(pattern: string, path: string): boolean | "error" {
  if (pattern === "$" || path === "") return false;
  const paths = { white_list: [pattern] };
  const versions = { v1: { name: "v1", use_extended_paths: false, paths } };
  const spec = read({ version_data: { not_versioned: true, versions } });
  if (!spec) return "error";
  const below = path.split("/").filter((segment) => segment !== "");
  return judgePath(preparePathLists(spec.paths), below, "GET").kind === "allowed";
}

/** The listen paths in the order in which the fact has them, if each request goes to the first that takes it. */
async function precedence(paths: readonly string[]): Promise<readonly string[] | null> {
  const listed = [...new Set(paths)].map((path) => distinctNames(path));
  const table = await buildRouteTable(
    state(listed.map((listenPath) => definition(listenPath, { listenPath }))),
    routeBase,
  );
  const expected = sortedByLength(paths);
  const asked = listed.map((path) => path.replaceAll(/\{[^}]*\}/g, "x"));
  const right = asked.every((url) => {
    const target = parseRequestTarget(`${url}/more`, "");
    const first = expected.find((path) => pathPattern(path).test(`${url}/more`));
    const match = target && matchRoute(table, target);
    return match?.definition.name === distinctNames(first ?? "");
  });
  return right ? expected : null;
}

/** The order of the fact: longest first, placeholders not counted. */
function sortedByLength(paths: readonly string[]): readonly string[] {
  const length = (path: string) => path.replaceAll(/\{[^}]*\}/g, "").length;
  return [...paths].toSorted((a, b) => length(b) - length(a) || b.localeCompare(a));
}

function distinctNames(path: string): string {
  let count = 0;
  return path.replaceAll(/\{[^}]*\}/g, () => `{p${count++}}`);
}

function pathPattern(path: string): RegExp {
  return new RegExp(`^${path.replaceAll(/\{[^}]*\}/g, "[^/]+")}(/|$)`);
}

/** An OPTIONS request where only GET is listed. */
function preflight(): string {
  const lists = preparePathLists({ allowed: [{ path: "/test", methods: { GET: {} } }] });
  return judgePath(lists, ["test"], "OPTIONS").kind === "allowed" ? "passes lists" : "403";
}

function handler(meta: Json): string {
  const event_handlers = {
    events: {
      AuthFailure: [
        {
          handler_name: "eh_web_hook_handler",
          handler_meta: { name: "h", target_path: "http://127.0.0.1:1", ...meta },
        },
      ],
    },
  };
  const spec = read({ event_handlers });
  if (!spec) return "error";
  return (spec.events ?? []).length > 0 ? "ok" : "error: event handler disabled";
}

interface PatternFact {
  readonly in: { readonly pattern: string };
  readonly out: string;
}

/** Whether a pattern takes the same paths as the expression that the gateway makes of it. */
function samePattern({ in: { pattern }, out }: PatternFact): boolean {
  const expression = new RegExp(out);
  const path = pattern.replaceAll(/\{[^}]*\}/g, "x").replaceAll(/[$^]/g, "");
  const above = path.replace(/[^/]*$/, "");
  const samples = [path, above, `${path}/more`, `${path}more`, `/my${path}`, `/my/${path}`, "/other"];
  return samples.every((sample) => takes(pattern, sample) === expression.test(sample));
}
