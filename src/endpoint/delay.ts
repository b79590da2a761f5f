import { caps } from "../caps.ts";
import { parseDuration } from "../units.ts";

/** The milliseconds of a duration, as far as a timer can wait; a longer one would fire at once. */
export function delayOf(duration: string, longest: string = caps.timer): number {
  return Math.min(parseDuration(duration), parseDuration(longest));
}
