import { parseDuration } from "../units.ts";

const longestTimer = 2 ** 31 - 1;

/** The milliseconds of a duration, as far as a timer can wait; a longer one would fire at once. */
export function delayOf(duration: string, longest = longestTimer): number {
  return Math.min(parseDuration(duration), longest);
}
