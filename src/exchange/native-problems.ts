import type { Finding } from "../manifest/finding.ts";
import { schemaFindings, withoutCascades } from "../manifest/parse/schema-findings.ts";
import { pointerTo, segmentsOf } from "../manifest/pointer.ts";
import { definitionFindings } from "../manifest/rules/definition-rules.ts";
import { fieldFindings } from "../manifest/rules/field-rules.ts";
import { type DashboardProblem, missingField, readableField } from "./fields.ts";
import { isObject, type JsonObject, objectAt, ownField } from "./json-object.ts";
import type { ExchangedKind } from "./notation.ts";

/** The fields of specs by their place in the notation; `*` stands for one segment. The first fit counts. */
const definitionFields: readonly (readonly [string, string])[] = [
  ["/spec/title", "/name"],
  ["/spec/route", "/proxy/listen_path"],
  ["/spec/listenPath", "/proxy/listen_path"],
  ["/spec/domain", "/domain"],
  ["/spec/action/proxy/targetUrl", "/proxy/target_url"],
  ["/spec/action/proxy/targets", "/proxy/target_list"],
  ["/spec/action/proxy", "/proxy"],
  ["/spec/authentication/header", "/auth/auth_header_name"],
  ["/spec/authentication/queryParameter", "/auth/param_name"],
  ["/spec/authentication/cookie", "/auth/cookie_name"],
  ["/spec/ipAllowList/addresses", "/allowed_ips"],
  ["/spec/ipBlockList/addresses", "/blacklisted_ips"],
  ["/spec/expires", "/expiration"],
  ["/spec/rateLimit/limit", "/global_rate_limit/rate"],
  ["/spec/rateLimit/window", "/global_rate_limit/per"],
  ["/spec/versions/key", "/definition/key"],
  ["/spec/versions/location", "/definition/location"],
  ["/spec/versions/default", "/version_data/default_version"],
  ["/spec/versions/entries/*/expires", "/version_data/versions/*/expires"],
  ["/spec/versions/entries/*/targetUrl", "/version_data/versions/*/override_target"],
  ["/spec/versions/entries/*/name", "/version_data/versions/*"],
  ["/spec/versions/entries", "/version_data/versions"],
  ["/spec/middleware/pre/*/file", "/custom_middleware/pre/*/path"],
  ["/spec/middleware/pre/*/function", "/custom_middleware/pre/*/name"],
  ["/spec/middleware/post/*/file", "/custom_middleware/post/*/path"],
  ["/spec/middleware/post/*/function", "/custom_middleware/post/*/name"],
  ["/spec/dashboard", ""],
];

const webhookFields: readonly (readonly [string, string])[] = [
  ["/spec/title", "/name"],
  ["/spec/url", "/target_path"],
  ["/spec/method", "/method"],
  ["/spec/template", "/template_path"],
  ["/spec/headers", "/header_map"],
  ["/spec/dedupe", "/event_timeout"],
  ["/spec/dashboard", ""],
];

const fieldTables = { ApiDefinition: definitionFields, Webhook: webhookFields } as const;
const listNames = new Map([
  ["allowed", "white_list"],
  ["blocked", "black_list"],
]);

/** What the rules for manifests say against a spec, in the words and places of the Dashboard API. */
export function nativeProblems(
  kind: ExchangedKind,
  {
    metadata,
    spec,
    given,
    routeBase,
  }: {
    readonly metadata: JsonObject;
    readonly spec: JsonObject;
    /** The request, to name the version that a rule is about. */
    readonly given: JsonObject;
    readonly routeBase: string;
  },
): DashboardProblem[] {
  const document = structuredClone({ apiVersion: "gitway/v1", kind, metadata, spec });
  const findings = [
    ...schemaFindings(kind, document),
    ...fieldFindings(kind, document, { file: "manifest.yaml", routeBase }),
    ...(kind === "ApiDefinition" ? definitionFindings(document) : []),
  ].filter(({ severity }) => severity !== "warning");
  return withoutCascades(findings)
    .slice(0, mostProblems)
    .map((finding) => problemOf(kind, finding, spec, given));
}

const mostProblems = 100;

function problemOf(
  kind: ExchangedKind,
  finding: Finding,
  spec: JsonObject,
  given: JsonObject,
): DashboardProblem {
  const { code, path } = finding;
  if (code === "missing-field" && path === "/spec/action") return missingField("/proxy/target_url");
  if (code === "exactly-one" && path === "/spec/listenPath") return twoAddresses;
  const pointer = notationPointer(kind, path, spec, given);
  if (code === "missing-field") return missingField(pointer);
  const field = readableField(pointer);
  const flaw = finding.message
    .replace(/^'[^']*' (?=(must|is|holds|has|names|lies|needs|leads)\b)/, "")
    .replaceAll(/'spec(?=['.])/g, "'gitway");
  return { field, code, message: `${field}: ${flaw}` };
}

/**
 * The JSON pointer in the notation for one in a manifest: below `/gitway` for what the notation has no words
 * for. `given` is the definition in the notation.
 */
export function notationPointer(
  kind: ExchangedKind,
  path: string,
  spec: JsonObject,
  given: JsonObject,
): string {
  return pathListField(path, given) ?? mappedField(kind, path, spec);
}

const twoAddresses: DashboardProblem = {
  field: "gitway.route",
  code: "contradiction",
  message: "gitway.route: contradicts proxy.listen_path: give one of the two",
};

function mappedField(kind: ExchangedKind, path: string, spec: JsonObject): string {
  for (const [ours, theirs] of fieldTables[kind]) {
    const stars = starsOf(path, ours);
    if (!stars) continue;
    const names = ours.startsWith("/spec/versions/entries/*")
      ? stars.map((star) => versionName(spec, star))
      : stars;
    const home = theirs.replace("*", () => pointerTo("", names[0] ?? "").slice(1));
    const rest = segmentsOf(path).slice(segmentsOf(ours).length);
    return pointerTo(home, ...rest);
  }
  return pointerTo("/gitway", ...segmentsOf(path).slice(1));
}

/** What the stars of a pattern stand for at the beginning of a pointer; null when it doesn't fit. */
function starsOf(path: string, pattern: string): string[] | null {
  const [segments, wanted] = [segmentsOf(path), segmentsOf(pattern)];
  if (!wanted.every((name, index) => (name === "*" ? index < segments.length : name === segments[index])))
    return null;
  return segments.filter((_, index) => wanted[index] === "*");
}

function versionName(spec: JsonObject, index: string): string {
  const entries = ownField(objectAt(spec, "versions"), "entries");
  const entry: unknown = Array.isArray(entries) ? entries[Number(index)] : undefined;
  const name = isObject(entry) ? ownField(entry, "name") : undefined;
  return typeof name === "string" ? name : index;
}

/** A path rule, of the definition or of a version. */
function pathListField(path: string, given: JsonObject): string | null {
  const parts = /^\/spec\/(?:versions\/entries\/(\d+)\/)?paths\/(\w+)(?:\/(\d+)(\/.*)?)?$/.exec(path);
  if (!parts) return null;
  const [, entry, list = "", index, rest = ""] = parts;
  const versions = objectAt(given, "version_data", "versions");
  const name = Object.keys(versions)[Number(entry ?? 0)] ?? "Default";
  const extended = ownField(objectAt(versions, name), "use_extended_paths") === true;
  const home = pointerTo(
    "/version_data/versions",
    name,
    extended ? "extended_paths" : "paths",
    listNames.get(list) ?? list,
  );
  const inner = rest
    .replace(/^\/methods/, "/method_actions")
    .replace(/\/status$/, "/code")
    .replace(/\/body$/, "/data");
  return index === undefined ? home : `${home}/${index}${extended ? inner : ""}`;
}
