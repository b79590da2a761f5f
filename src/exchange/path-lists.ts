import type { MethodAction, PathLists, PathRule } from "../manifest/api-definition.generated.ts";
import { pointerTo } from "../manifest/pointer.ts";
import {
  eachOf,
  type Fields,
  fieldsOf,
  flagOf,
  isGiven,
  listOf,
  numberOf,
  refuse,
  textOf,
  textsOf,
} from "./fields.ts";
import { type JsonObject, saidFields } from "./json-object.ts";
import { readPattern, writePattern } from "./path-pattern.ts";
import { refuseRestrictedPaths } from "./restrictions.ts";

/** The lists of a version, by their names in the Dashboard API. */
const lists = [
  ["ignored", "ignored"],
  ["white_list", "allowed"],
  ["black_list", "blocked"],
] as const;

/**
 * The path rules of a version: `extended_paths` when `use_extended_paths` is set, else the plain texts of
 * `paths`. The other lists have no effect and stay unread (Dashboard facts 2.2, 2.3).
 */
export function readPathLists(version: Fields): PathLists {
  const extended = flagOf(version, "use_extended_paths");
  const anyCase = flagOf(version, "ignore_endpoint_case");
  const home = fieldsOf(version, extended ? "extended_paths" : "paths");
  if (extended) refuseRestrictedPaths(home);
  return Object.fromEntries(
    lists.flatMap(([theirs, ours]) => {
      const opens = ours !== "blocked";
      const rules = extended
        ? listOf(home, theirs).map((entry) => readRule(entry, opens))
        : textsOf(home, theirs).map((text, index) => {
            const place = { ...home, path: pointerTo(home.path, theirs) };
            return readPath(place, String(index), text, opens);
          });
      return rules.length === 0 ? [] : [[ours, rules.map((rule) => inAnyCase(rule, anyCase))]];
    }),
  );
}

function inAnyCase(rule: PathRule, anyCase: boolean): PathRule {
  return anyCase ? { ...rule, ignoreCase: true } : rule;
}

function readRule(entry: Fields, opens: boolean): PathRule {
  return saidFields<PathRule>({
    ...readPath(entry, "path", textOf(entry, "path") ?? "", opens),
    ignoreCase: flagOf(entry, "ignore_case"),
    disabled: flagOf(entry, "disabled"),
    methods: readMethods(entry),
  });
}

function readPath(
  fields: Fields,
  name: string,
  text: string,
  opens: boolean,
): Pick<PathRule, "path" | "match"> {
  const pattern = readPattern(text, opens);
  if (pattern.flaw === undefined) return pattern;
  refuse(fields, name, "invalid-path", pattern.flaw);
  return { path: text };
}

/** Newer entries name one `method`, older ones what happens by method; neither means all of them. */
function readMethods(entry: Fields): PathRule["methods"] {
  const actions = eachOf(fieldsOf(entry, "method_actions"));
  const method = textOf(entry, "method") ?? "";
  if (actions.length > 0)
    return Object.fromEntries(actions.map(([name, action]) => [name, readAction(action)]));
  if (method !== "") return Object.fromEntries([[method, { action: "none" }]]);
  return isGiven(entry, "method_actions") ? {} : undefined;
}

function readAction(action: Fields): MethodAction {
  const what = textOf(action, "action") ?? "";
  if (what !== "no_action" && what !== "reply")
    refuse(action, "action", "invalid-value", "must be no_action or reply");
  const status = numberOf(action, "code");
  const headers = fieldsOf(action, "headers");
  return saidFields<MethodAction>({
    action: what === "reply" ? "reply" : "none",
    // 0 is what is written where nothing is meant; only a reply has a use for a code.
    status: status === 0 ? undefined : status,
    body: textOf(action, "data"),
    headers: Object.fromEntries(
      Object.keys(headers.given).map((name) => [name, textOf(headers, name) ?? ""]),
    ),
  });
}

/** Whether all rules can be said as plain texts. */
export function arePlain(rules: PathLists): boolean {
  return lists.every(([, list]) =>
    (rules[list] ?? []).every((rule) => !rule.methods && !rule.ignoreCase && !rule.disabled),
  );
}

/** Whether rules are written to `extended_paths` when nobody says how. */
export function extendedByDefault(rules: PathLists): boolean {
  return !arePlain(rules);
}

/** The fields of a version that hold its path rules. */
export function writePathLists(rules: PathLists, wanted: boolean | undefined): JsonObject {
  const extended = (wanted ?? extendedByDefault(rules)) || !arePlain(rules);
  return {
    paths: namedLists((list) => (extended ? [] : (rules[list] ?? []).map(writePattern))),
    use_extended_paths: extended,
    extended_paths: namedLists((list) => (extended ? (rules[list] ?? []).map(writeRule) : [])),
  };
}

function namedLists(write: (list: keyof PathLists) => readonly unknown[]): JsonObject {
  return Object.fromEntries(lists.map(([theirs, ours]) => [theirs, write(ours)]));
}

function writeRule(rule: PathRule): JsonObject {
  const { methods, ignoreCase, disabled } = rule;
  const actions = Object.entries(methods ?? {}).map(([name, action]) => [name, writeAction(action)]);
  return {
    path: writePattern(rule),
    ...(methods ? { method_actions: Object.fromEntries(actions) } : {}),
    ...(ignoreCase ? { ignore_case: true } : {}),
    ...(disabled ? { disabled: true } : {}),
  };
}

function writeAction({ action, status = 200, body = "", headers = {} }: MethodAction): JsonObject {
  return { action: action === "reply" ? "reply" : "no_action", code: status, data: body, headers };
}
