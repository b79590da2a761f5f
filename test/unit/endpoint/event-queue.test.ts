import { expect, test, vi } from "vitest";

import { createEventQueue } from "../../../src/endpoint/event-queue.ts";
import { silentLog } from "../../../src/log.ts";
import type { RequestEvent } from "../../../src/store/outbox/request-event.ts";

const times = { gather: 5, retry: 5, quiet: 0, close: 50 };

test("gathers events into batches and hands over what is left when it closes", async () => {
  const { queue, batches } = start();

  for (let number = 0; number < 150; number++) queue.emit(event(number));
  await vi.waitFor(() => expect(batches.flat()).toHaveLength(150));
  expect(batches.length).toBeLessThanOrEqual(3);
  expect(batches.flat().map(({ path }) => path)).toEqual(Array.from({ length: 150 }, (_, n) => `/${n}`));

  queue.emit(event(150));
  await queue.close();
  expect(batches.flat()).toHaveLength(151);
});

test("waits for others even when only one comes", async () => {
  const { queue, batches } = start();

  queue.emit(event(0));

  expect(batches).toEqual([]);
  await vi.waitFor(() => expect(batches).toHaveLength(1));
  await queue.close();
});

test("keeps events while the store is away, and drops those beyond the bound", async () => {
  const { queue, batches, messages, dropped, fail } = start();
  fail(true);

  for (let number = 0; number < 2500; number++) queue.emit(event(number));
  await vi.waitFor(() => expect(messages()).toContain("Events for webhooks can't be stored; trying again."));
  expect(dropped()).toBe(500);

  fail(false);
  await vi.waitFor(() => expect(batches.flat()).toHaveLength(2000));
  expect(batches.flat().at(-1)?.path).toBe("/1999");
  await queue.close();
});

test("closes in time when the store hangs, and says what was lost", async () => {
  const { queue, dropped, hang } = start();
  hang();
  queue.emit(event(0));

  await queue.close();
  queue.emit(event(1));

  expect(dropped()).toBe(2);
});

test("tells how many the store had no room for", async () => {
  const { queue, dropped, refuse } = start();
  refuse(3);
  queue.emit(event(0));

  await vi.waitFor(() => expect(dropped()).toBe(3));
  await queue.close();
});

function start() {
  const batches: RequestEvent[][] = [];
  const warnings: { readonly message: string; readonly dropped?: number }[] = [];
  let failing = false;
  let refused = 0;
  let gate: Promise<void> = Promise.resolve();
  const warn = (facts: { dropped?: number }, message: string) => void warnings.push({ ...facts, message });
  async function enqueue(events: readonly RequestEvent[]) {
    await gate;
    if (failing) throw new Error("away");
    batches.push([...events]);
    return { enqueued: events.length, duplicates: 0, dropped: refused };
  }
  return {
    queue: createEventQueue({
      outbox: { enqueue },
      log: Object.assign(silentLog(), { warn }),
      times,
    }),
    batches,
    messages: () => warnings.map(({ message }) => message),
    dropped: () => warnings.reduce((sum, { dropped = 0 }) => sum + dropped, 0),
    fail: (now: boolean) => (failing = now),
    refuse: (count: number) => (refused = count),
    hang: () => void (gate = new Promise(() => {})),
  };
}

function event(number: number): RequestEvent {
  return {
    on: "AuthFailure",
    definitionId: "a",
    time: "2026-01-01T00:00:00.000Z",
    message: "The token is not accepted.",
    reason: null,
    path: `/${number}`,
    clientAddress: "10.0.0.1",
    tokenName: null,
  };
}
