import { quoteForPeople } from "./pointer.ts";

/** What is wrong with a value: a stable code, and the rest of a sentence that begins with the field. */
export interface Flaw {
  readonly code: string;
  readonly message: string;
}

/** The characters that no segment of a route may hold (UD-APIs 1.2), and those that no path can. */
const forbiddenInRoute = /[/:<>*?\\%#{}\s\p{Cc}]/u;
const forbiddenInListenPath = /[*?\\%#{}\s\p{Cc}]/u;
/** Parameter names (UD-APIs 1.2). */
const forbiddenInName = /[/{}?*:=<>\\%#\s\p{Cc}]/u;

/** Whether a segment is `{name}`, which fills it whole. */
export function isParameter(segment: string): boolean {
  return segment.startsWith("{") && segment.endsWith("}") && segment.length > 1;
}

/** What is wrong with a route (UD-APIs 1.2). */
export function routeFlaws(route: string): Flaw[] {
  if (route.trim() === "") return [bad("route", "must not be empty: name at least one segment")];
  if (route.startsWith("/") || route.endsWith("/"))
    return [
      bad(
        "route",
        `must not begin or end with a slash: write ${quoteForPeople(route.replace(/^\/+/, "").replace(/(?<!\/)\/+$/, ""))}`,
      ),
    ];
  return segmentFlaws("route", route.split("/"), forbiddenInRoute);
}

/**
 * What is wrong with a listen path. Paths within the base of the routes are refused, so that routes and
 * listen paths can't meet.
 */
export function listenPathFlaws(listenPath: string, routeBase: string): Flaw[] {
  if (!listenPath.startsWith("/"))
    return [bad("listen-path", `must begin with a slash: write ${quoteForPeople(`/${listenPath}`)}`)];
  const path = listenPath.slice(1).replace(/\/$/, "");
  const flaws = listenPath === "/" ? [] : segmentFlaws("listen-path", path.split("/"), forbiddenInListenPath);
  const below = `/${path}/`;
  if (!below.toLowerCase().startsWith(`${routeBase.toLowerCase()}/`)) return flaws;
  const route = path.slice(routeBase.length);
  const advice = route === "" ? "use a route below it" : `use 'route: ${route}' in its place`;
  return [
    ...flaws,
    { code: "listen-path-in-base", message: `lies within ${routeBase}, where the routes are: ${advice}` },
  ];
}

function segmentFlaws(what: string, segments: readonly string[], forbidden: RegExp): Flaw[] {
  if (segments.includes("")) return [bad(what, "has an empty segment: write one slash between two segments")];
  const names = segments.filter(isParameter).map((segment) => segment.slice(1, -1));
  const repeated = names.find((name, index) => names.indexOf(name) !== index);
  const flaws = segments.flatMap((segment) => segmentFlaw(what, segment, forbidden) ?? []).slice(0, 1);
  if (repeated !== undefined)
    flaws.push(bad(what, `names the parameter ${quoteForPeople(repeated)} twice: give each its own name`));
  return flaws;
}

function segmentFlaw(what: string, segment: string, forbidden: RegExp): Flaw | null {
  const shown = quoteForPeople(segment);
  if (isParameter(segment)) return nameFlaw(what, segment.slice(1, -1));
  if (segment === "." || segment === "..") return bad(what, `has the segment ${shown}: leave it out`);
  const character = forbidden.exec(segment)?.[0];
  if (character === undefined) return null;
  if (character === "{" || character === "}")
    return bad(what, `has the segment ${shown}: a parameter must fill a whole segment, such as {name}`);
  if (character === "*")
    return bad(what, "holds '*': there are no wildcards; 'match: prefix' takes all below a path");
  return bad(what, `holds ${nameOf(character)} in the segment ${shown}: remove it`);
}

function nameFlaw(what: string, name: string): Flaw | null {
  if (name === "") return bad(what, "has a parameter without a name: write {name}");
  const character = forbiddenInName.exec(name)?.[0];
  if (character === undefined) return null;
  return bad(
    what,
    `holds ${nameOf(character)} in the parameter name ${quoteForPeople(name)}: choose a plain name`,
  );
}

function nameOf(character: string): string {
  if (character === " ") return "a space";
  return /[\s\p{Cc}]/u.test(character) ? "white space or a control character" : `'${character}'`;
}

function bad(what: string, message: string): Flaw {
  return { code: `invalid-${what}`, message };
}
