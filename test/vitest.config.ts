import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";

import { defineConfig } from "vitest/config";

const root = fileURLToPath(new URL("..", import.meta.url));

/** Tests name the sources, and run what is built from them: what users run, and threads start faster from it. */
const resolve = {
  alias: [{ find: /^(?:\.\.\/)+src\/(.+)\.tsx?$/, replacement: `${root}dist/$1.js` }],
};

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
