import { test } from "vitest";

import { walkLaws } from "../support/walk-laws.ts";

/** How many walks, and the seed of the first. */
const runs = Number(process.env["GITWAY_LAWS_RUNS"] ?? 8);
const firstSeed = Number(process.env["GITWAY_LAWS_SEED"] ?? 1000);

test("laws 1, 3 and 4 hold on many walks through random repositories and breakage", async () => {
  const seeds = Array.from({ length: runs }, (_, run) => firstSeed + run);

  await walkLaws(seeds, 10);
}, 1_200_000);
