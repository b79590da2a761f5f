import { readFileSync, statfsSync } from "node:fs";
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";

import { defineConfig } from "vitest/config";

const root = fileURLToPath(new URL("..", import.meta.url));

/** Tests name the sources, and run what is built from them: what users run, and threads start faster from it. */
const resolve = {
  alias: [{ find: /^(?:\.\.\/)+src\/(.+)\.tsx?$/, replacement: `${root}dist/$1.js` }],
};

const memory = memoryFolder();
if (memory !== null) process.env["TMPDIR"] ??= memory;

/**
 * A folder in memory, if there is one with room enough in which programs may be run. Tests make and remove databases
 * by the hundred, of hundreds of files each, and some disks take longer for that than all tests together.
 */
function memoryFolder(): string | null {
  const path = "/dev/shm";
  try {
    const mounts = readFileSync("/proc/mounts", "utf8").split("\n");
    const options = mounts
      .map((line) => line.split(" "))
      .find(([, mount]) => mount === path)?.[3]
      ?.split(",");
    const { bavail, bsize } = statfsSync(path);
    const isFit = options?.includes("rw") && !options.includes("noexec") && bavail * bsize > 4 * 2 ** 30;
    return isFit ? path : null;
  } catch {
    return null;
  }
}

export default defineConfig({
  root,
  test: {
    // Most tests wait for git and Postgres rather than compute.
    maxWorkers: Math.max(3, availableParallelism()),
    projects: [
      {
        resolve,
        test: {
          name: "unit",
          root,
          // They touch nothing that lasts: loading all modules for each file takes longer than testing.
          isolate: false,
          include: ["test/unit/**/*.test.ts", "test/*.test.ts"],
          testTimeout: 20_000,
        },
      },
      {
        resolve,
        test: {
          name: "integration",
          root,
          include: ["test/integration/**/*.test.ts"],
          setupFiles: ["test/support/patient-waiting.ts"],
          globalSetup: ["test/support/global-postgres.ts"],
          testTimeout: 60_000,
          hookTimeout: 120_000,
        },
      },
      {
        resolve,
        test: {
          name: "e2e",
          root,
          include: ["test/e2e/**/*.test.ts"],
          setupFiles: ["test/support/patient-waiting.ts"],
          globalSetup: ["test/support/global-postgres.ts"],
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
      // Faults and long searches: `npm test` leaves them to `npm run check`.
      {
        resolve,
        test: {
          name: "slow",
          root,
          include: ["test/slow/**/*.test.ts"],
          setupFiles: ["test/support/patient-waiting.ts"],
          globalSetup: ["test/support/global-postgres.ts"],
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
    ],
  },
});
