const milliseconds: Record<string, number> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };
const bytes: Record<string, number> = { B: 1, KiB: 1024, MiB: 1024 * 1024 };

/** The milliseconds of a duration such as `30s`. The schemas make sure of the form. */
export function parseDuration(text: string): number {
  return parseQuantity(text, milliseconds);
}

/** Milliseconds as a duration, in the largest unit that says them exactly: `90s`. */
export function formatDuration(duration: number): string {
  const [unit, factor] = Object.entries(milliseconds).findLast(([, factor]) => duration % factor === 0) ?? [
    "ms",
    1,
  ];
  return `${duration / factor}${unit}`;
}

/** The bytes of a size such as `1MiB`. The schemas make sure of the form. */
export function parseSize(text: string): number {
  return parseQuantity(text, bytes);
}

function parseQuantity(text: string, units: Record<string, number>): number {
  const match = /^(\d+)([A-Za-z]+)$/.exec(text);
  const factor = units[match?.[2] ?? ""];
  if (!match || factor === undefined)
    throw new RangeError(`'${text}' is not a number with one of the units ${Object.keys(units).join(", ")}`);
  return Number(match[1]) * factor;
}
