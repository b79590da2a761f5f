import { DatabaseError } from "pg";
import { expect, test } from "vitest";

import { AppError } from "../../../src/errors.ts";
import { connectFailure, isConnectionLoss, queryFailure } from "../../../src/store/database-error.ts";

const description = "postgres://db.example.com/gitway";

test.each([
  ["08006", "database-unreachable"],
  ["57P01", "database-unreachable"],
  ["57P03", "database-unreachable"],
  ["25P03", "database-unreachable"],
  ["53300", "database-unreachable"],
  ["28P01", "database-unreachable"],
  ["25006", "database-unreachable"],
  ["57014", "database-failed"],
  ["53100", "database-failed"],
  ["42501", "database-failed"],
  ["23505", "database-failed"],
])("the server's answer %s becomes %s", (state, code) => {
  const failure = queryFailure(answer(state), description);

  expect(failure).toMatchObject({ name: "AppError", code, message: expect.stringContaining(description) });
});

test.each([
  systemError("ECONNRESET"),
  systemError("EPIPE"),
  systemError("ENOENT"),
  new Error("Connection terminated unexpectedly"),
  new Error("Query read timeout"),
  answer("57P02"),
])("after %s nobody knows what became of a statement", (error) => {
  expect(isConnectionLoss(error)).toBe(true);
});

test("the server's refusal of a statement is no loss of the connection", () => {
  expect(isConnectionLoss(answer("23P01"))).toBe(false);
  expect(isConnectionLoss(new TypeError("x is not a function"))).toBe(false);
});

test("what is nobody's fault but ours stays as it is", () => {
  const bug = new TypeError("x is not a function");

  expect(queryFailure(bug, description)).toBe(bug);
});

test("an operational failure is not wrapped again", () => {
  const failure = new AppError("revision-moved", "plan again");

  expect(queryFailure(failure, description)).toBe(failure);
  expect(connectFailure(failure, description)).toBe(failure);
});

test("a name with several addresses tells what each of them said", () => {
  const error = new AggregateError([
    new Error("connect ECONNREFUSED ::1:5432"),
    new Error("connect ECONNREFUSED 127.0.0.1:5432"),
  ]);

  const { message } = connectFailure(error, description);

  expect(message).toContain("ECONNREFUSED ::1:5432, connect ECONNREFUSED 127.0.0.1:5432.");
});

test("a full disk and a missing right come with what to do", () => {
  expect(queryFailure(answer("53100"), description)).toMatchObject({
    message: expect.stringContaining("make room"),
  });
  expect(queryFailure(answer("42501"), description)).toMatchObject({
    message: expect.stringContaining("right to create in the schema 'gitway'"),
  });
});

function answer(state: string): DatabaseError {
  return Object.assign(new DatabaseError("the server's own words", 0, "error"), { code: state });
}

function systemError(code: string): Error {
  return Object.assign(new Error(`read ${code}`), { code });
}
