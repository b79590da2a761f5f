import { Hono } from "hono";
import { expect, test, vi } from "vitest";

import { administrator } from "../../../src/dashboard/access/acting-user.ts";
import type { ApiVariables } from "../../../src/dashboard/api/api-route.ts";
import { eventStreams } from "../../../src/dashboard/api/event-stream.ts";
import { AppError } from "../../../src/errors.ts";

test("a stream ends without a word when the store goes away, and makes room for another", async () => {
  const printed = vi.spyOn(console, "error").mockImplementation(() => {});
  const closed = vi.fn(async () => {});
  const stream = eventStreams({
    events: async () => {
      throw new AppError("database-unreachable", "postgres://somewhere can't be reached");
    },
    onChange: async () => ({ close: closed }),
  });
  const app = new Hono<ApiVariables>();
  app.get("/", (context) => {
    context.set("user", administrator);
    context.set("userNow", async () => administrator);
    return stream(context);
  });

  for (let count = 0; count < 101; count++) {
    const answer = await app.request("/");
    expect([answer.status, await answer.text()]).toEqual([200, ""]);
  }

  expect(closed).toHaveBeenCalledTimes(101);
  expect(printed).not.toHaveBeenCalled();
  printed.mockRestore();
});
