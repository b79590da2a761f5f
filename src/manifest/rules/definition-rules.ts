import { reservedApiIds } from "../dashboard-ids.ts";
import type { Finding } from "../finding.ts";
import { pointerTo, quoteForPeople, select, valueAt } from "../pointer.ts";

/**
 * The rules between the fields of an ApiDefinition, which its schema can't express. The document may
 * break its schema.
 */
export function definitionFindings(document: unknown): Finding[] {
  const spec = valueAt(document, "/spec");
  if (typeof spec !== "object" || spec === null || Array.isArray(spec)) return [];
  const rules = [address, target, versionKey, versionNames, defaultVersion, scriptParameters, reservedId];
  return rules.flatMap((rule) => rule(document));
}

function address(document: unknown): Finding[] {
  const both = has(document, "/spec/route") && has(document, "/spec/listenPath");
  if (both) {
    const message = "'spec.route' and 'spec.listenPath' are both given: keep one of them.";
    return [{ path: "/spec/listenPath", code: "exactly-one", message, at: "key" }];
  }
  if (has(document, "/spec/route") || has(document, "/spec/listenPath")) {
    const route = valueAt(document, "/spec/route");
    return route === ""
      ? [flaw("/spec/route", "invalid-route", "'spec.route' must not be empty: name at least one segment.")]
      : emptyListenPath(document);
  }
  const message = "'spec' says not where the API answers: give 'route' or 'listenPath'.";
  return [{ path: "/spec/route", code: "missing-field", message, at: "key" }];
}

function emptyListenPath(document: unknown): Finding[] {
  if (valueAt(document, "/spec/listenPath") !== "") return [];
  return [
    flaw(
      "/spec/listenPath",
      "invalid-listen-path",
      "'spec.listenPath' must not be empty: write '/' for all paths.",
    ),
  ];
}

function target(document: unknown): Finding[] {
  const proxy = valueAt(document, "/spec/action/proxy");
  if (typeof proxy !== "object" || proxy === null || Array.isArray(proxy)) return [];
  const given = ["targetUrl", "targets"].filter((name) => has(proxy, `/${name}`));
  if (given.length === 1) return [];
  const what = given.length === 0 ? "has no target" : "has both 'targetUrl' and 'targets'";
  const message = `'spec.action.proxy' ${what}: give exactly one of 'targetUrl' and 'targets'.`;
  return [{ path: "/spec/action/proxy", code: "exactly-one", message, at: "key" }];
}

function versionKey(document: unknown): Finding[] {
  const location = valueAt(document, "/spec/versions/location");
  if ((location !== "header" && location !== "query") || has(document, "/spec/versions/key")) return [];
  const what = location === "header" ? "header" : "query parameter";
  const message = `'spec.versions.key' is missing: name the ${what} that carries the version.`;
  return [{ path: "/spec/versions/key", code: "missing-field", message, at: "key" }];
}

function versionNames(document: unknown): Finding[] {
  const seen = new Set<unknown>();
  return select(document, "/spec/versions/entries/*/name").flatMap(({ pointer, value }) => {
    if (typeof value !== "string" || seen.size !== seen.add(value).size) return [];
    return flaw(
      pointer,
      "duplicate-item",
      `There is a version ${quoteForPeople(value)} already: give each version its own name.`,
    );
  });
}

function defaultVersion(document: unknown): Finding[] {
  const name = valueAt(document, "/spec/versions/default");
  const names = select(document, "/spec/versions/entries/*/name").map(({ value }) => value);
  if (typeof name !== "string" || names.length === 0 || names.includes(name)) return [];
  const message = `'spec.versions.default' must name one of the versions, ${names
    .slice(0, 10)
    .map((other) => quoteForPeople(String(other)))
    .join(", ")}.`;
  return [flaw("/spec/versions/default", "invalid-value", message)];
}

function scriptParameters(document: unknown): Finding[] {
  const script = valueAt(document, "/spec/action/script");
  const parameters = valueAt(script, "/parameters");
  const declared = Array.isArray(parameters) && parameters.length > 0;
  if (!declared || valueAt(script, "/input") === "run") return [];
  const message =
    "'spec.action.script.parameters' is only for 'input: run': set that, or remove the parameters.";
  return [{ path: "/spec/action/script/parameters", code: "invalid-value", message, at: "key" }];
}

/** A path of the Dashboard API would hide the definition. */
function reservedId(document: unknown): Finding[] {
  const path = "/spec/dashboard/api_id";
  const apiId = valueAt(document, path);
  if (typeof apiId !== "string" || !reservedApiIds.includes(apiId)) return [];
  const message = `'spec.dashboard.api_id' must not be ${quoteForPeople(apiId)}, which is a path of the Dashboard API: choose another.`;
  return [flaw(path, "invalid-id", message)];
}

function has(document: unknown, pointer: string): boolean {
  return valueAt(document, pointer) !== undefined;
}

function flaw(path: string, code: string, message: string): Finding {
  return { path, code, message };
}

/** Where a definition has lists of path rules. */
export function pathListPointers(document: unknown): string[] {
  const homes = [
    "/spec/paths",
    ...select(document, "/spec/versions/entries/*").map(({ pointer }) => pointerTo(pointer, "paths")),
  ];
  return homes.flatMap((home) => ["ignored", "allowed", "blocked"].map((list) => pointerTo(home, list)));
}
