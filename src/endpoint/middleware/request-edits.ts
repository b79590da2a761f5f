import type { MiddlewareEdits } from "../../../schemas/script.d.ts";
import { framing } from "../../framing.ts";
import { isSendable } from "../../sendable.ts";
import { headerPairs } from "../actions/script-answer.ts";
import type { Call, HeaderEdits } from "../call.ts";
import { saidByProxy } from "../http/header-names.ts";

/** What a part of the edits makes of a call, or what is wrong with it. */
type Edit = (call: Call, value: unknown) => Call | string;

/** The fields of the edits, in the order in which they are carried out. The path has rules of its own. */
const edits: Readonly<Record<Exclude<keyof MiddlewareEdits, "path">, Edit>> = {
  removeHeaders: (call, value) => {
    const names = namesIn(value);
    return names ? editHeaders(call, names, []) : "must be a list of names";
  },
  setHeaders: (call, value) => {
    const pairs = headerPairs(value);
    if (!pairs?.every(isSendable)) return "must be well-formed headers by name, 64 KiB of them at most";
    return editHeaders(
      call,
      pairs.map(([name]) => name),
      pairs,
    );
  },
  removeQuery: (call, value) => {
    const names = namesIn(value);
    return names ? editQuery(call, names, []) : "must be a list of names";
  },
  setQuery: (call, value) => {
    const pairs = headerPairs(value);
    if (!pairs) return "must be texts by name, 64 KiB of them at most";
    return editQuery(
      call,
      pairs.map(([name]) => name),
      pairs,
    );
  },
};

/** What middleware wants of a call. */
export interface ReadEdits {
  /** The call with all of it but the path. */
  readonly call: Call;
  /** The new path below the route, or null to leave it. */
  readonly path: string | null;
}

/**
 * Carries out what middleware wants of a call, as far as that is up to it, or says what is wrong with it.
 * Headers that frame the message or speak for the proxy, and what names the version, are not.
 */
export function applyEdits(call: Call, json: string): ReadEdits | string {
  const given: unknown = JSON.parse(json);
  if (typeof given !== "object" || given === null || Array.isArray(given)) return "must be an object";
  const { path = null, ...rest } = given as Record<string, unknown>;
  const unknown = Object.keys(rest).find((name) => !Object.hasOwn(edits, name));
  if (unknown !== undefined) return `has an unknown field ${JSON.stringify(unknown)}`;
  let edited = call;
  for (const [name, edit] of Object.entries(edits)) {
    const value = rest[name];
    if (value === undefined || value === null) continue;
    const next = edit(edited, value);
    if (typeof next === "string") return `'${name}' ${next}`;
    edited = next;
  }
  return path === null || typeof path === "string" ? { call: edited, path } : "'path' must be text";
}

function editHeaders(call: Call, names: readonly string[], set: HeaderEdits["set"]): Call | string {
  const keys = new Set(names.map((name) => name.toLowerCase()));
  const { versions } = call.definition;
  const reserved = [...keys].find(
    (key) =>
      framing.has(key) || saidByProxy.has(key) || (versions?.location === "header" && versions.key === key),
  );
  if (reserved !== undefined) return `may not touch the header ${JSON.stringify(reserved)}`;
  const before = call.edits.set.filter(([name]) => !keys.has(name.toLowerCase()));
  return {
    ...call,
    edits: { removed: new Set([...call.edits.removed, ...keys]), set: [...before, ...set] },
  };
}

function editQuery(call: Call, names: readonly string[], set: HeaderEdits["set"]): Call | string {
  const { versions, tokenLocation } = call.definition;
  const reserved = names.find(
    (name) =>
      name === tokenLocation.queryParameter || (versions?.location === "query" && versions.key === name),
  );
  if (reserved !== undefined) return `may not touch the parameter ${JSON.stringify(reserved)}`;
  const added = new URLSearchParams(set.map(([name, value]): [string, string] => [name, value])).toString();
  const query = [withoutParameters(call.target.query, new Set(names)), added]
    .filter((part) => part !== "")
    .join("&");
  return { ...call, target: { ...call.target, query } };
}

/** All other bytes stay as they were. */
function withoutParameters(query: string, names: ReadonlySet<string>): string {
  const isKept = (pair: string) => [...new URLSearchParams(pair).keys()].every((name) => !names.has(name));
  return query.split("&").filter(isKept).join("&");
}

function namesIn(value: unknown): string[] | null {
  return Array.isArray(value) && value.every((name) => typeof name === "string") ? value : null;
}
