import type { ApiDefinitionSpec, Limits, Version, Versions } from "../manifest/api-definition.generated.ts";
import { normaliseTimestamp } from "../manifest/timestamp.ts";
import { parseSize } from "../units.ts";
import {
  eachOf,
  type Fields,
  fieldsOf,
  flagOf,
  isGiven,
  numberOf,
  refuse,
  requireFields,
  textOf,
} from "./fields.ts";
import { isObject, type JsonObject, objectAt, ownField, saidFields } from "./json-object.ts";
import { extendedByDefault, readPathLists, writePathLists } from "./path-lists.ts";
import { sizeOf } from "./size.ts";

type VersionSpec = Pick<ApiDefinitionSpec, "limits" | "paths" | "versions">;

const locations = { header: "header", query: "url-param", path: "url" } as const;

/**
 * `definition` and `version_data`. A definition that is not versioned has one set of path rules, that of
 * its only version or of the one called Default, default or nothing (Dashboard facts 3.4).
 */
export function readVersions(given: Fields, strict: boolean): VersionSpec {
  const data = fieldsOf(given, "version_data");
  refuseChildren(fieldsOf(given, "definition"));
  if (strict && isGiven(given, "version_data")) requireFields(data, "not_versioned", "versions");
  if (strict && !isGiven(data, "not_versioned")) return {};
  const versions = eachOf(fieldsOf(data, "versions"));
  for (const [, version] of versions) {
    if (strict) requireFields(version, "name");
    textOf(version, "name");
  }
  const single = flagOf(data, "not_versioned") || !isGiven(given, "version_data");
  return single ? readSingle(data, versions) : readSeveral(given, data, versions);
}

/** Versions that are definitions of their own decide who is let in, which must not be lost. */
function refuseChildren(where: Fields): void {
  if (!flagOf(where, "enabled") || Object.keys(fieldsOf(where, "versions").given).length === 0) return;
  const flaw = "versions that are definitions of their own are not supported: use version_data";
  refuse(where, "versions", "no-effect", flaw);
}

function readSingle(data: Fields, versions: readonly (readonly [string, Fields])[]): VersionSpec {
  const names = versions.map(([name]) => name);
  const chosen = versions.find(([name]) => name === chosenVersion(names))?.[1];
  if (!chosen && names.length > 0) refuse(data, "", "invalid-value", ambiguity(names));
  return chosen ? { paths: readPathLists(chosen), ...readSizeLimit(data, [chosen]) } : {};
}

/** The version that counts when a definition is not versioned. */
function chosenVersion(names: readonly string[]): string | undefined {
  if (names.length === 1) return names[0];
  const candidates = defaultNames.filter((name) => names.includes(name));
  return candidates.length === 1 ? candidates[0] : undefined;
}

const defaultNames = ["Default", "default", ""];

function ambiguity(names: readonly string[]): string {
  return names.some((name) => defaultNames.includes(name))
    ? "Ambiguous default API version for this non-versioned API"
    : "No default API version for this non-versioned API found";
}

function readSeveral(
  given: Fields,
  data: Fields,
  versions: readonly (readonly [string, Fields])[],
): VersionSpec {
  const where = fieldsOf(given, "definition");
  const location = readLocation(where);
  if (versions.length === 0) refuse(data, "versions", "required", "must hold at least one version");
  const said = saidFields<Versions>({
    location,
    key: textOf(where, "key") || undefined,
    strip: [flagOf(where, "strip_versioning_data"), flagOf(where, "strip_path")].includes(true),
    default: readDefault(
      data,
      versions.map(([name]) => name),
    ),
    fallbackToDefault: flagOf(where, "fallback_to_default"),
    entries: versions.map(([name, version]) => readVersion(name, version)),
  });
  return {
    versions: said,
    ...readSizeLimit(
      data,
      versions.map(([, version]) => version),
    ),
  };
}

/** Gitway has one limit for all versions of a definition; 0 is none. */
function readSizeLimit(data: Fields, versions: readonly Fields[]): Pick<ApiDefinitionSpec, "limits"> {
  const [bytes = 0, ...others] = versions.map((version) => numberOf(version, "global_size_limit") ?? 0);
  if (others.some((other) => other !== bytes))
    refuse(data, "versions", "no-effect", "must have the same global_size_limit in all versions");
  const requestBody = sizeOf(bytes);
  if (requestBody === undefined && bytes !== 0)
    refuse(
      data,
      "versions",
      "invalid-value",
      "must have a global_size_limit that is a whole number of bytes",
    );
  return requestBody === undefined ? {} : { limits: { requestBody } };
}

/** A default that names no version is none: the request is refused all the same. */
function readDefault(data: Fields, names: readonly string[]): string | undefined {
  const name = textOf(data, "default_version") ?? "";
  return names.includes(name) && name !== "" ? name : undefined;
}

function readLocation(where: Fields): Versions["location"] {
  const text = textOf(where, "location") ?? "header";
  const location = (["header", "query", "path"] as const).find((name) => locations[name] === text);
  if (location === undefined)
    refuse(where, "location", "invalid-value", "must be one of header, url-param, url");
  return location ?? "header";
}

function readVersion(name: string, version: Fields): Version {
  return saidFields<Version>({
    name,
    expires: readMoment(version, "expires"),
    targetUrl: textOf(version, "override_target") || undefined,
    paths: readPathLists(version),
  });
}

/** A moment of the Dashboard API: `YYYY-MM-DD HH:MM` in UTC; nothing and -1 mean never. */
export function readMoment(fields: Fields, name: string): string | undefined {
  const text = textOf(fields, name) ?? "";
  if (text === "" || text === "-1") return undefined;
  const moment = normaliseTimestamp(text);
  if (moment === undefined)
    refuse(fields, name, "invalid-timestamp", "must be a moment in UTC that exists, as YYYY-MM-DD HH:MM");
  return moment;
}

/** A moment as the Dashboard API writes it; one with seconds keeps the form of the manifest. */
export function writeMoment(moment: string | undefined): string {
  const minutes = /^(\d{4}-\d\d-\d\d)T(\d\d:\d\d):00Z$/.exec(moment ?? "");
  return minutes ? `${minutes[1]} ${minutes[2]}` : (moment ?? "");
}

/** `definition`: where a request names its version. */
export function writeVersionLocation({ versions }: VersionSpec): JsonObject {
  if (!versions) return { location: "header", key: "" };
  return {
    location: locations[versions.location],
    key: versions.key ?? "",
    ...(versions.strip ? { strip_versioning_data: true } : {}),
    ...(versions.fallbackToDefault ? { fallback_to_default: true } : {}),
  };
}

/** `version_data`. The definition so far, if it is given, says how its versions were written. */
export function writeVersionData(
  { paths = {}, versions, limits }: VersionSpec,
  style: JsonObject,
): JsonObject {
  if (versions)
    return {
      not_versioned: false,
      ...(versions.default === undefined ? {} : { default_version: versions.default }),
      versions: Object.fromEntries(
        // A version without rules of its own has those of the definition.
        versions.entries.map((version) => [
          version.name,
          writeVersion(version.name, { paths, ...version }, limits, style),
        ]),
      ),
    };
  const name = chosenVersion(Object.keys(objectAt(style, "version_data", "versions"))) ?? "Default";
  return {
    not_versioned: true,
    versions: Object.fromEntries([[name, writeVersion(name, { name, paths }, limits, style)]]),
  };
}

function writeVersion(
  name: string,
  { expires, targetUrl, paths = {} }: Version,
  { requestBody }: Limits = {},
  style: JsonObject,
): JsonObject {
  const wanted = ownField(objectAt(style, "version_data", "versions", name), "use_extended_paths");
  return {
    name,
    expires: writeMoment(expires),
    ...writePathLists(paths, typeof wanted === "boolean" ? wanted : undefined),
    ...(targetUrl === undefined ? {} : { override_target: targetUrl }),
    ...(requestBody === undefined ? {} : { global_size_limit: parseSize(requestBody) }),
  };
}

/**
 * What must be remembered of how the versions were written: the name of the only one, and which notation of
 * the path rules was chosen where both would do.
 */
export function versionStyle(given: JsonObject, { paths = {}, versions }: VersionSpec): JsonObject {
  const written = objectAt(given, "version_data", "versions");
  const chosen = chosenVersion(Object.keys(written)) ?? "Default";
  const named = versions
    ? versions.entries.map((version) => [version.name, version.paths ?? {}] as const)
    : [[chosen, paths] as const];
  const alone = Object.keys(written).length <= 1;
  const kept = named.flatMap(([name, rules]) => {
    const version = ownField(written, name);
    if (!isObject(version)) return [];
    const extended = ownField(version, "use_extended_paths") === true;
    const style = {
      ...(versions || (name === "Default" && alone) ? {} : { name }),
      ...(extended === extendedByDefault(rules) ? {} : { use_extended_paths: extended }),
    };
    return Object.keys(style).length === 0 ? [] : [[name, style] as const];
  });
  return kept.length === 0 ? {} : { version_data: { versions: Object.fromEntries(kept) } };
}
