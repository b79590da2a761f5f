import { describe, expect, test } from "vitest";

import { endpointErrors, errorBody, type EndpointErrorCode } from "../../../src/endpoint/endpoint-error.ts";

describe("the error table", () => {
  test.each(Object.entries(endpointErrors))(
    "has a body of the agreed form for code %s",
    (code, { detail }) => {
      const body = JSON.parse(errorBody({ code: Number(code) as EndpointErrorCode }, 7)) as unknown;

      expect(body).toEqual({
        errors: [{ title: expect.any(String), detail, errorCode: Number(code), faultingNode: 7 }],
      });
    },
  );

  test.each([
    [1, 400],
    [3, 405],
    [5, 404],
    [7, 503],
    [8, 500],
    [9, 500],
    [10, 400],
    [11, 500],
    [12, 500],
    [13, 500],
    [15, 500],
    [16, 400],
    [17, 500],
    [1001, 500],
    [1002, 500],
    [1003, 415],
    [1005, 500],
    [1006, 503],
    [1007, 500],
    [1008, 401],
    [1009, 413],
    [1010, 401],
    [1011, 414],
    [1012, 500],
    [1013, 500],
  ] as const)("gives code %s the status %s of the reference", (code, status) => {
    expect(endpointErrors[code].status).toBe(status);
  });

  test("keeps what is for the log out of the body", () => {
    expect(errorBody({ code: 8, reason: "the database password is wrong" }, 1)).not.toContain("password");
  });

  test("lists missing parameters", () => {
    const body = JSON.parse(errorBody({ code: 16, missingScriptParameters: ["a"] }, 1)) as unknown;

    expect(body).toMatchObject({ errors: [{ missingScriptParameters: ["a"] }] });
  });
});
