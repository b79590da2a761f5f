const form = /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?)(Z|[+-]\d{2}:?\d{2})?)?$/;

/**
 * The moment, in milliseconds since 1970, at which something ends; null when it never does. A time
 * without a zone is UTC. What can't be read has ended already: an unreadable limit must not let callers in.
 */
export function parseEnd(text: string | null | undefined): number | null {
  if (text === null || text === undefined) return null;
  const match = form.exec(text.trim());
  if (!match) return Number.NEGATIVE_INFINITY;
  const [, day, time = "00:00", zone = "Z"] = match;
  const milliseconds = Date.parse(`${day}T${time}${zone}`);
  return Number.isNaN(milliseconds) ? Number.NEGATIVE_INFINITY : milliseconds;
}

/** Whether an end has come. */
export function hasEnded(end: number | null, now: number): boolean {
  return end !== null && now >= end;
}
