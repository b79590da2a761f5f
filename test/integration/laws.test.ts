import { test } from "vitest";

import { walkLaws } from "../support/walk-laws.ts";

test("laws 1, 3 and 4 hold on walks through random repositories and breakage", async () => {
  await walkLaws([1, 2, 3], 6);
});
