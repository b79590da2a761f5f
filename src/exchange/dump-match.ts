import { dashboardIds } from "../manifest/dashboard-ids.ts";
import type { Manifest } from "../manifest/manifest.ts";
import type { DumpItem } from "./dashboard-dump.ts";
import { gitwayOf } from "./gitway-member.ts";
import { type JsonObject, objectAt, ownField } from "./json-object.ts";
import { slugOf } from "./slug.ts";

/** The manifests of the kinds that a dump can hold. */
export type Importable = Extract<Manifest, { kind: "ApiDefinition" | "Webhook" }>;

/** Which manifest is what a dump speaks of; none when it is new. `others` are more of them: it can't be told. */
export interface DumpMatch {
  readonly found: Importable | null;
  readonly others: readonly Importable[];
}

/**
 * Finds the manifests that items of a dump are already. An `api_id` or `id` tells, or else the name that
 * `gitway` chose. Of an item with neither, its place among those of the same title does: imported twice, a
 * file finds what it made. Ask about those with keys first.
 */
export function createDumpMatcher(manifests: readonly Importable[]): (item: DumpItem) => DumpMatch {
  const byKey = new Map<string, Importable>();
  for (const manifest of manifests) for (const key of keysOf(manifest)) byKey.set(key, manifest);
  const spoken = { ApiDefinition: new Set<string>(), Webhook: new Set<string>() };

  return (item) => {
    const keys = keysGiven(item);
    const found = [...new Set(keys.flatMap((key) => byKey.get(key) ?? []))];
    for (const { kind, name } of found) spoken[kind].add(name);
    if (keys.length > 0) return { found: found[0] ?? null, others: found.slice(1) };
    const fallback = item.kind === "ApiDefinition" ? "api" : "webhook";
    const name = slugOf(item.title ?? "", spoken[item.kind], fallback);
    spoken[item.kind].add(name);
    return { found: byKey.get(`${item.kind} name ${name}`) ?? null, others: [] };
  };
}

/** What tells an item of a dump from all others, as far as it says so itself. */
export function keysGiven({ kind, json, isBare }: DumpItem): string[] {
  const home = kind === "Webhook" || isBare ? json : objectAt(json, "api_definition");
  const name = textIn(gitwayOf(json), "name");
  return [
    ...keyOf(kind, "api_id", kind === "ApiDefinition" ? textIn(home, "api_id") : ""),
    ...keyOf(kind, "id", textIn(home, "id")),
    ...keyOf(kind, "name", name),
  ];
}

function keysOf(manifest: Importable): string[] {
  const { id, apiId } = dashboardIds(manifest);
  const { kind, name } = manifest;
  return [...keyOf(kind, "api_id", apiId), ...keyOf(kind, "id", id), ...keyOf(kind, "name", name)];
}

function keyOf(kind: string, field: string, value: string): string[] {
  return value === "" ? [] : [`${kind} ${field} ${value}`];
}

function textIn(json: JsonObject, name: string): string {
  const value = ownField(json, name);
  return typeof value === "string" ? value : "";
}
