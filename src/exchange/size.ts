const units = [
  ["MiB", 1024 * 1024],
  ["KiB", 1024],
  ["B", 1],
] as const;
const most = 999_999_999;

/** Bytes as the size that a person would write; undefined where a manifest has no words for them. */
export function sizeOf(bytes: number): string | undefined {
  if (!Number.isSafeInteger(bytes) || bytes <= 0) return undefined;
  const unit = units.find(([, factor]) => bytes % factor === 0);
  return unit && bytes / unit[1] <= most ? `${bytes / unit[1]}${unit[0]}` : undefined;
}
