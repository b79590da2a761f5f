import type { Method, PathRule } from "../manifest/api-definition.generated.ts";
import { isParameter } from "../manifest/route.ts";
import type { DefinitionObject } from "./definition-notation.ts";

/** A path that a definition answers at, as OpenAPI writes it, and what holds there. */
export interface ServedPath {
  /** `/api/custom/encoders/{id}`; placeholders have different names. */
  readonly template: string;
  readonly methods: readonly Method[];
  /** Whether no token is asked for. */
  readonly open: boolean;
  /** Whether paths below it are answered too. */
  readonly below: boolean;
  /** By method, the answer that a path rule gives at once. */
  readonly replies: ReadonlyMap<string, number>;
}

/** The methods of a definition that names none, without those that hardly anybody means. */
const usualMethods: readonly Method[] = ["GET", "POST", "PUT", "PATCH", "DELETE"];

/**
 * The paths of a definition: its own, or those that alone are allowed, and those with rules of their own. The
 * rules of versions are left out, since they differ from version to version.
 */
export function servedPaths({ spec }: DefinitionObject, routeBase: string): ServedPath[] {
  const base = spec.route === undefined ? (spec.listenPath ?? "/") : `${routeBase}/${spec.route}`;
  const methods = spec.methods ?? usualMethods;
  const own: ServedPath = {
    template: templateOf(base, versionSegment(spec.versions?.location)),
    methods,
    open: spec.keyless ?? false,
    below: spec.match === "prefix",
    replies: new Map(),
  };
  if (spec.versions) return [own];
  const { ignored = [], allowed = [], blocked = [] } = spec.paths ?? {};
  const isOn = (rule: PathRule): boolean => !rule.disabled;
  const rules = [
    ...ignored.filter(isOn).map((rule) => ruled(own, base, rule, true)),
    ...allowed.filter(isOn).map((rule) => ruled(own, base, rule, own.open)),
    ...blocked.filter(isOn).map((rule) => repliesOnly(ruled(own, base, rule, true))),
  ];
  const paths = allowed.some(isOn) ? rules : [own, ...rules];
  return paths.filter(({ methods }) => methods.length > 0);
}

function ruled(own: ServedPath, base: string, rule: PathRule, open: boolean): ServedPath {
  const actions = Object.entries(rule.methods ?? {});
  const replies = actions.filter(([, { action }]) => action === "reply");
  return {
    template: templateOf(base, rule.path),
    methods: own.methods.filter((method) => !rule.methods || rule.methods[method] !== undefined),
    open,
    below: rule.match !== "exact",
    replies: new Map(replies.map(([method, { status = 200 }]) => [method, status])),
  };
}

function repliesOnly(path: ServedPath): ServedPath {
  return { ...path, methods: path.methods.filter((method) => path.replies.has(method)) };
}

function versionSegment(location: string | undefined): string {
  return location === "path" ? "{version}" : "";
}

/** Joins paths. A name that comes twice gets a number, since OpenAPI tells placeholders by name. */
function templateOf(...parts: readonly string[]): string {
  const names = new Set<string>();
  const segments = parts
    .flatMap((part) => part.split("/"))
    .filter((segment) => segment !== "")
    .map((segment) =>
      isParameter(segment) ? `{${freeName(segment.slice(1, -1) || "segment", names)}}` : encodeURI(segment),
    );
  return `/${segments.join("/")}`;
}

function freeName(name: string, names: Set<string>): string {
  for (let count = 1; ; count++) {
    const free = count === 1 ? name : `${name}${count}`;
    if (names.size !== names.add(free).size) return free;
  }
}

/** The names of the placeholders of a template. */
export function placeholdersOf(template: string): string[] {
  return [...template.matchAll(/\{([^{}]*)\}/g)].map(([, name = ""]) => name);
}
