import type { IncomingHttpHeaders } from "node:http";

import type { ApiDefinitionSpec } from "../../manifest/api-definition.generated.ts";
import { parseTarget, type ProxyTarget } from "../actions/proxy-target.ts";
import { parseEnd } from "../timestamp.ts";
import { type PathLists, preparePathLists } from "./path-lists.ts";
import { canonicalSegment } from "./route-trie.ts";

type VersionsSpec = NonNullable<ApiDefinitionSpec["versions"]>;

/** One version, ready for serving. */
export interface ServedVersion {
  readonly name: string;
  readonly end: number | null;
  /** Takes the place of the definition's targets; null leaves them. */
  readonly target: ProxyTarget | null;
  readonly paths: PathLists;
}

/** The versions of a definition, ready for serving. */
export interface ServedVersions {
  readonly location: VersionsSpec["location"];
  /** The header, in lower case, or the query parameter. */
  readonly key: string;
  readonly strip: boolean;
  readonly standard: ServedVersion | null;
  readonly fallBack: boolean;
  readonly byName: ReadonlyMap<string, ServedVersion>;
}

/** The version of a call, or why it has none. */
export interface ChosenVersion {
  readonly version: ServedVersion | null;
  readonly fault: "missing" | "unknown" | "several" | null;
  /** Whether the first segment below the route named it. */
  readonly fromPath: boolean;
}

/** Makes versions ready for serving. One without paths of its own has those of the definition. */
export function prepareVersions(spec: ApiDefinitionSpec): ServedVersions | null {
  const { versions } = spec;
  if (!versions) return null;
  const entries = versions.entries.map((entry): ServedVersion => ({
    name: entry.name,
    end: parseEnd(entry.expires),
    target: entry.targetUrl === undefined ? null : parseTarget(entry.targetUrl),
    paths: preparePathLists(entry.paths ?? spec.paths),
  }));
  const byName = new Map(entries.map((entry) => [entry.name, entry]));
  const { location, key = "" } = versions;
  return {
    location,
    key: location === "header" ? key.toLowerCase() : key,
    strip: versions.strip ?? false,
    standard: byName.get(versions.default ?? "") ?? null,
    fallBack: versions.fallbackToDefault ?? false,
    byName,
  };
}

/** The version that a call asks for, by header, query parameter or first segment (Gateway rules 3.4). */
export function chooseVersion(
  versions: ServedVersions,
  headers: IncomingHttpHeaders,
  query: string,
  below: readonly string[],
): ChosenVersion {
  const [asked = "", ...others] = askedVersions(versions, headers, query, below);
  // Whichever is judged here, the upstream would get to read the others too.
  const isUnclear = !versions.strip && others.some((other) => other !== asked);
  if (isUnclear) return { version: null, fault: "several", fromPath: false };
  const version = versions.byName.get(asked) ?? null;
  if (version) return { version, fault: null, fromPath: versions.location === "path" };
  const mayDefault = asked === "" || versions.fallBack;
  if (mayDefault && versions.standard) return { version: versions.standard, fault: null, fromPath: false };
  return { version: null, fault: asked === "" ? "missing" : "unknown", fromPath: false };
}

function askedVersions(
  { location, key, strip, byName }: ServedVersions,
  headers: IncomingHttpHeaders,
  query: string,
  below: readonly string[],
): string[] {
  if (location === "path") return [canonicalSegment(below[0] ?? "", false)];
  if (location === "query") return new URLSearchParams(query).getAll(key);
  // Of a header that comes twice Node.js makes a list.
  const value = [headers[key] ?? []].flat()[0]?.trim() ?? "";
  return strip || byName.has(value) ? [value] : value.split(",").map((part) => part.trim());
}
