import { isAddressEntry } from "./address-list.ts";
import type { Written } from "./config-layers.ts";
import { AppError } from "./errors.ts";
import { parseDuration } from "./units.ts";

/** The milliseconds of a duration. Timers of Node.js fire at once when they are set beyond 2^31 ms. */
export function timer(merged: ReadonlyMap<string, Written>, key: string): number {
  const milliseconds = parseDuration(String(merged.get(key)?.value));
  if (milliseconds <= parseDuration("20d")) return milliseconds;
  throw new AppError("config-invalid", `${merged.get(key)?.origin}: '${key}' must be 20d or less.`);
}

/** A list of addresses and ranges. An entry that stands for nobody would deny nothing. */
export function addresses(merged: ReadonlyMap<string, Written>, key: string): readonly string[] {
  const { value, origin } = merged.get(key) ?? { value: [], origin: "" };
  const entries = value as readonly string[];
  const wrong = entries.find((entry) => !isAddressEntry(entry));
  if (wrong === undefined) return entries;
  throw new AppError(
    "config-invalid",
    `${origin}: '${key}' holds '${wrong}', which is no IP address and no range such as 10.0.0.0/8.`,
  );
}
