import type { PathRule } from "../api-definition.generated.ts";
import { type Finding, warning } from "../finding.ts";
import { pointerTo, quoteForPeople } from "../pointer.ts";
import { isParameter } from "../route.ts";

/**
 * Warns about paths of a list that look like patterns of another gateway: blocking `/admin/*` blocks nothing,
 * and allowing `/users/{id:[0-9]+}` allows every segment.
 */
export function patternFindings(list: readonly PathRule[], pointer: string): Finding[] {
  return list.flatMap(({ path }, index) => {
    const advice = path.split("/").map(adviceOn).find(Boolean);
    if (!advice) return [];
    return [warning(pointerTo(pointer, index, "path"), "no-pattern", `${quoteForPeople(path)} ${advice}.`)];
  });
}

function adviceOn(segment: string): string | null {
  const shown = quoteForPeople(segment);
  if (isParameter(segment)) {
    if (!/[:*?]/.test(segment)) return null;
    return `takes any text for ${shown}: there are no patterns; write {name}`;
  }
  if (segment.includes("*"))
    return "holds '*', which stands for itself: there are no wildcards; a path takes all below it, and {name} one segment";
  if (/[{}]/.test(segment))
    return `has the segment ${shown}, which stands for itself: {name} fills a whole one`;
  return null;
}
