import type { PathRule } from "../api-definition.generated.ts";
import { type Finding, warning } from "../finding.ts";
import { pointerTo, quoteForPeople } from "../pointer.ts";
import { isParameter } from "../route.ts";

interface Entry {
  readonly index: number;
  readonly rule: PathRule;
  /** Without the empty ones; null for a parameter. */
  readonly segments: readonly (string | null)[];
}

/** How many segments are compared at most. A list that takes more than that is not looked at to its end. */
const budget = 2_000_000;

/**
 * Warns about entries of a path list that an earlier entry takes all requests from: the first entry whose
 * path, by whole segments and with all below it unless it is exact, and method fit decides.
 */
export function shadowedEntries(list: readonly PathRule[], pointer: string): Finding[] {
  const earlier: Entry[] = [];
  const findings: Finding[] = [];
  let compared = 0;
  for (const [index, rule] of list.entries()) {
    if (rule.disabled || neverMatches(rule)) continue;
    const entry = { index, rule, segments: segmentsOf(rule) };
    const by = compared > budget ? undefined : earlier.find((other) => shadows(other, entry));
    compared += earlier.length * entry.segments.length;
    if (by) findings.push(warningFor(entry, by, pointer));
    else earlier.push(entry);
  }
  return findings;
}

/** Whether an entry lists methods, but none. */
export function neverMatches(rule: PathRule): boolean {
  return rule.methods !== undefined && Object.keys(rule.methods).length === 0;
}

function segmentsOf({ path, ignoreCase }: PathRule): (string | null)[] {
  return path
    .split("/")
    .filter((segment) => segment !== "")
    .map((segment) => (isParameter(segment) ? null : ignoreCase ? segment.toLowerCase() : segment));
}

function shadows(earlier: Entry, later: Entry): boolean {
  if (!coversDepth(earlier, later) || !coversMethods(earlier.rule, later.rule)) return false;
  return earlier.segments.every((segment, at) => {
    const other = later.segments[at];
    if (segment === null) return true;
    if (typeof other !== "string") return false;
    if (earlier.rule.ignoreCase) return segment === other.toLowerCase();
    return segment === other && (!later.rule.ignoreCase || segment === segment.toUpperCase());
  });
}

function coversDepth(earlier: Entry, later: Entry): boolean {
  if (earlier.rule.match !== "exact") return earlier.segments.length <= later.segments.length;
  return later.rule.match === "exact" && earlier.segments.length === later.segments.length;
}

function coversMethods(earlier: PathRule, later: PathRule): boolean {
  if (!earlier.methods) return true;
  if (!later.methods) return false;
  const { methods } = earlier;
  return Object.keys(later.methods).every((method) => Object.hasOwn(methods, method));
}

function warningFor(entry: Entry, by: Entry, pointer: string): Finding {
  const [later, first] = [quoteForPeople(entry.rule.path), quoteForPeople(by.rule.path)];
  const message = `The entry ${later} is never reached: entry ${by.index + 1}, ${first}, takes its requests first; move ${later} before it, or remove it.`;
  return warning(pointerTo(pointer, entry.index, "path"), "shadowed-entry", message);
}
