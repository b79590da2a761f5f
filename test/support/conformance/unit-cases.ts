import { isDeepStrictEqual } from "node:util";

import { nextTarget, prepareProxy } from "../../../src/endpoint/actions/proxy-target.ts";
import { parseRequestTarget, pathBelow } from "../../../src/endpoint/http/request-target.ts";
import { judgePath, preparePathLists } from "../../../src/endpoint/table/path-lists.ts";
import { buildRouteTable, matchRoute } from "../../../src/endpoint/table/route-table.ts";
import { presentedSecret, standardLocation } from "../../../src/endpoint/token-location.ts";
import { definitionFromClassic } from "../../../src/exchange/definition-from-classic.ts";
import { assembleManifests } from "../../../src/manifest/assemble.ts";
import { checkSet } from "../../../src/manifest/check-set.ts";
import { parseFile } from "../../../src/manifest/parse/parse-file.ts";
import { listenPathFlaws } from "../../../src/manifest/route.ts";
import { definition, state } from "../serving.ts";
import { type GatewayCase, type Observed, type Suite, withSuiteDefaults } from "./cases.ts";
import { observeOverHttp } from "./http-cases.ts";

type Json = Readonly<Record<string, unknown>>;

const routeBase = "/api/custom";

/** What Gitway makes of the input of a fact, in the form of the fact's output where it has one. */
const functions: Readonly<Record<string, (input: never, suite: Suite, out: unknown) => unknown>> = {
  selectVersionForUnversioned: ({ not_versioned, default_version, version_keys }: SelectInput) =>
    servedVersion(version_keys, { not_versioned, default_version }),
  "ambiguousDefault(keys)": (keys: string[]) => read(versionsOf(keys, { not_versioned: true })) === null,
  "versionForUnversioned(keys)": (keys: string[]) => versionForUnversioned(keys),
  "allowListActive(def)": (input: Json) => keepsOut(input, "ipAllowList"),
  "blockListActive(def)": (input: Json) => keepsOut(input, "ipBlockList"),
  "validateIpLists(def) -> errors": (input: Json) => flaws(input).filter((flaw) => flaw.includes("IP/CIDR")),
  "validateLoadBalancing(def)": ({ ...proxy }: Json) => flaws({ proxy }),
  roundRobin: ({ len, calls }: { len: number; calls: number }) => turns(len, calls),
  "stripListenPath(listen,url)": ([listen, url]: [string, string]) => stripped(listen, url),
  "isValidListenPath(path)": (path: string) => listenPathFlaws(path, routeBase).length === 0,
  "matchEndpoint(pattern,path)": ([pattern, path]: [string, string]) => takes(`${pattern}$`, path),
  normaliseListenPath: (path: string) => listenPathOf(path),
  sortListenPaths: (_paths: string[], _suite: Suite, out: unknown) => precedence(out as string[]),
  "listsForPreflight (white_list has GET /test)": (input: PreflightInput, suite: Suite) =>
    preflight(input, suite),
  "count APIs loaded": ({ segmented }: TagsInput, { apis = [] }: Suite) =>
    segmented ? undefined : reachable(apis),
  resolveListenPathCollisions: ({ load, listen_path }: CollisionInput) =>
    refusedCollisions(load, listen_path),
  stripBearer: (value: string) =>
    presentedSecret(standardLocation, { authorization: value }, "", false)?.reveal() ?? null,
  initWebhookHandler: (meta: Json) => handler(meta),
};

/** What Gitway makes of a fact's input. Undefined where there is nothing to ask. */
export async function observeInCode(suite: Suite, fact: GatewayCase): Promise<Observed | undefined> {
  if (suite.fn === "endpointPattern") return observePattern(fact as unknown as PatternFact);
  const run = functions[suite.fn ?? ""];
  if (!run) return undefined;
  const found = (await run(fact["in"] as never, suite, fact["out"])) ?? null;
  return { holds: isDeepStrictEqual(found, fact["out"]), found };
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

function versionForUnversioned(keys: readonly string[]): string {
  const said = { not_versioned: true, default_version: "" };
  return (
    [
      ...flaws(versionsOf(keys, said)).map((flaw) => `refused: ${flaw}`),
      `ok:${servedVersion(keys, said)}`,
    ][0] ?? ""
  );
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

function turns(length: number, calls: number): (number | null)[] {
  const hosts = Array.from({ length }, (_, index) => `http://target-${index}`);
  const proxy = prepareProxy({ targets: hosts });
  return Array.from({ length: calls }, () => nextTarget(proxy)).map((target) =>
    target ? hosts.indexOf(target.origin) : null,
  );
}

async function stripped(listen: string, url: string): Promise<string | null> {
  const spec = read({ proxy: { listen_path: listen } });
  const target = parseRequestTarget(url.replace(/^(?=[^/])/, "/"), "");
  if (!target) return "no request";
  if (!spec) return "refused";
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

/** The listen paths as they were given, if of any two that take the same request the first gets it; else those that don't. */
async function precedence(paths: readonly string[]): Promise<readonly string[]> {
  const listed = [...new Set(paths)];
  const table = await buildRouteTable(
    state(listed.map((path) => definition(path, { listenPath: distinctNames(path) }))),
    routeBase,
  );
  const wrong = listed.flatMap((first, index) =>
    listed.slice(index + 1).flatMap((second) => {
      const request = requestForBoth(first, second);
      const target = request === null ? null : parseRequestTarget(request, "");
      const winner = target && matchRoute(table, target)?.definition.name;
      // A third one may be before both.
      return winner === second ? [`${second} before ${first}`] : [];
    }),
  );
  return wrong.length === 0 ? paths : wrong;
}

/** A request that two listen paths take; null when there is none. */
function requestForBoth(first: string, second: string): string | null {
  const [a, b] = [first, second].map((path) => path.split("/"));
  const longer = Math.max(a?.length ?? 0, b?.length ?? 0);
  const segments = Array.from({ length: longer }, (_, index) => {
    const said = [a?.[index], b?.[index]].filter((segment) => segment !== undefined);
    const literals = [...new Set(said.filter((segment) => !segment.startsWith("{")))];
    return literals.length > 1 ? null : (literals[0] ?? "x");
  });
  return segments.includes(null) ? null : `${segments.join("/")}/more`;
}

function distinctNames(path: string): string {
  let count = 0;
  return path.replaceAll(/\{[^}]*\}/g, () => `{p${count++}}`);
}

interface PreflightInput {
  readonly cors_enable: boolean;
  readonly options_passthrough: boolean;
  readonly OPTIONS: boolean;
  readonly acrm_header: boolean;
}

/** An OPTIONS request to an API with this CORS, where only GET is listed. */
async function preflight(input: PreflightInput, suite: Suite): Promise<string> {
  const { cors_enable, options_passthrough, OPTIONS, acrm_header } = input;
  const white_list = [{ path: "/test", method_actions: { GET: { action: "no_action" } } }];
  const versions = { v1: { name: "v1", use_extended_paths: true, extended_paths: { white_list } } };
  const api = {
    use_keyless: true,
    CORS: { enable: cors_enable, options_passthrough },
    version_data: { not_versioned: true, versions },
  };
  const request = {
    method: OPTIONS ? "OPTIONS" : "GET",
    path: "/sample/test",
    headers: acrm_header ? { "access-control-request-method": "GET" } : {},
    code: 200,
  };
  const { holds, found } = await observeOverHttp({ ...suite, api }, request);
  return holds ? "passes lists" : String((found as { code?: number }).code);
}

interface TagsInput {
  readonly segmented: boolean;
}

/** How many definitions a gateway that is no segment serves. */
async function reachable(apis: readonly Json[]): Promise<number> {
  const specs = apis.map((api, index) => read({ ...api, proxy: { listen_path: `/${index}/` } }));
  const definitions = specs.flatMap((spec, index) => (spec ? [definition(`api-${index}`, spec)] : []));
  const table = await buildRouteTable(state(definitions), routeBase);
  const targets = apis.map((_, index) => parseRequestTarget(`/${index}/x`, ""));
  return targets.filter((target) => target && matchRoute(table, target)?.definition.active).length;
}

interface CollisionInput {
  readonly load: readonly string[];
  readonly listen_path: string;
}

/** Which of several manifests with one listen path are refused. */
function refusedCollisions(load: readonly string[], path: string): Json {
  const files = load.map((name) => {
    const spec = `{ listenPath: ${path}, keyless: true, action: { reply: {} } }`;
    const text = `apiVersion: gitway/v1\nkind: ApiDefinition\nmetadata: { name: "${name}" }\nspec: ${spec}\n`;
    return parseFile(name, text, { routeBase });
  });
  const problems = checkSet(assembleManifests(files, { digestOf: () => undefined }));
  return { refused: [...new Set(problems.map(({ file, code }) => `${file}: ${code}`))].toSorted() };
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

/** Which paths a pattern takes of some, beside those that the expression which the gateway makes of it takes. */
function observePattern({ in: { pattern }, out }: PatternFact): Observed {
  const expression = new RegExp(out);
  const path = pattern.replaceAll(/\{[^}]*\}/g, "x").replaceAll(/[$^]/g, "");
  const above = path.replace(/[^/]*$/, "");
  const samples = [path, above, `${path}/more`, `${path}more`, `/my${path}`, `/my/${path}`, "/other"];
  const taken = samples.map((sample) => takes(pattern, sample));
  const found = taken.includes("error") ? "refused" : { takes: samples.filter((_, index) => taken[index]) };
  return { holds: samples.every((sample, index) => taken[index] === expression.test(sample)), found };
}
