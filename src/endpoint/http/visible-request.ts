import type { Call } from "../call.ts";

/** The headers of a call by name, as middleware left them. Scripts never see what callers sign in with. */
export function visibleHeaders({ request, definition, edits }: Call): Record<string, string> {
  const hidden = new Set(["authorization", "proxy-authorization", "cookie", definition.tokenLocation.header]);
  const kept = Object.entries(request.headers).filter(
    ([name]) => !hidden.has(name) && !edits.removed.has(name),
  );
  const headers = new Map(kept.map(([name, value]) => [name, [value].flat().join(", ")]));
  for (const [name, value] of edits.set) {
    const before = headers.get(name.toLowerCase());
    headers.set(name.toLowerCase(), before === undefined ? value : `${before}, ${value}`);
  }
  return Object.fromEntries(headers);
}

/** The query of a call by name, without the parameter that may carry a token. */
export function visibleQuery({ target, definition }: Call): Record<string, string[]> {
  const values = new Map<string, string[]>();
  for (const [name, value] of new URLSearchParams(target.query)) {
    if (name === definition.tokenLocation.queryParameter) continue;
    const list = values.get(name) ?? [];
    list.push(value);
    values.set(name, list);
  }
  return Object.fromEntries(values);
}

/** What follows the route or listen path, with a leading slash. */
export function visiblePath({ rest, versionPath }: Call): string {
  return rest.slice(versionPath.length) || "/";
}
