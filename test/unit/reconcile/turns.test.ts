import { expect, test } from "vitest";

import { createTurns, holdTurn } from "../../../src/reconcile/turns.ts";

test("who has the turn is alone with it, and who waits comes in the order of asking", async () => {
  const turns = createTurns();
  const steps: string[] = [];
  const edit = holdTurn(turns);
  await edit.take();
  const pass = async (name: string) => {
    const end = await turns.take();
    steps.push(name);
    end();
  };
  const waiting = [pass("one pass"), pass("another pass")];

  // Asked for again, it is still the same turn.
  await edit.take();
  await Promise.resolve();
  steps.push("the edit");
  edit.end();
  await Promise.all(waiting);

  expect(steps).toEqual(["the edit", "one pass", "another pass"]);
});

test("a turn that was never taken, or of which there are none, keeps nobody waiting", async () => {
  const turns = createTurns();
  holdTurn(turns).end();
  const alone = holdTurn(undefined);

  await alone.take();
  alone.end();

  await expect(turns.take()).resolves.toBeTypeOf("function");
});
