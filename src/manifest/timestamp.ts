const iso = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?Z$/;
const dashboard = /^(\d{4})-(\d\d)-(\d\d) (\d\d):(\d\d)()()$/;

/**
 * A moment in UTC in its one normal form, `2027-01-31T12:00:00Z`, with milliseconds only if there are
 * some. Undefined when the text has neither form of the schema or names no day or time that exists.
 */
export function normaliseTimestamp(text: string): string | undefined {
  const parts = (iso.exec(text) ?? dashboard.exec(text))?.slice(1).map((part) => part || "0");
  if (!parts) return undefined;
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = parts.map(Number);
  const fraction = (parts[6] ?? "0").slice(0, 3).padEnd(3, "0");
  const date = new Date(Date.UTC(2000, month - 1, day, hour, minute, second, Number(fraction)));
  date.setUTCFullYear(year, month - 1, day);
  const exists =
    date.getUTCFullYear() === year &&
    date.getUTCMonth() === month - 1 &&
    date.getUTCDate() === day &&
    hour < 24 &&
    minute < 60 &&
    second < 60;
  return exists ? date.toISOString().replace(".000Z", "Z") : undefined;
}
