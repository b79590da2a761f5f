import { vi } from "vitest";

/**
 * Milliseconds that a test waits for a condition unless it says otherwise. What comes about late on a busy machine
 * is no failure, and vitest's own second would be a measurement.
 */
const patience = 30_000;

const { waitFor, waitUntil } = vi;
vi.waitFor = (look, options) => waitFor(look, patiently(options));
vi.waitUntil = (look, options) => waitUntil(look, patiently(options));

function patiently<T extends { timeout?: number }>(options: number | T | undefined): T | { timeout: number } {
  return typeof options === "number" ? { timeout: options } : { timeout: patience, ...options };
}
