const seconds: Readonly<Record<string, number>> = { ms: 0.001, s: 1, m: 60, h: 3600, d: 86_400 };

/** A duration of a manifest (`1m`) in seconds; 0 when there is none. */
export function secondsOf(duration: string | undefined): number {
  const parts = /^(\d+)(ms|s|m|h|d)$/.exec(duration ?? "");
  return parts ? (Number(parts[1]) * Math.round((seconds[parts[2] ?? ""] ?? 0) * 1000)) / 1000 : 0;
}

/** Seconds as the duration that a person would write: in the largest unit that needs no fraction. */
export function durationOf(count: number): string | undefined {
  const milliseconds = Math.round(count * 1000);
  if (!Number.isSafeInteger(milliseconds) || milliseconds <= 0) return undefined;
  const unit = ["d", "h", "m", "s"].find((unit) => milliseconds % ((seconds[unit] ?? 0) * 1000) === 0);
  if (unit === undefined) return `${milliseconds}ms`;
  return `${milliseconds / ((seconds[unit] ?? 0) * 1000)}${unit}`;
}
