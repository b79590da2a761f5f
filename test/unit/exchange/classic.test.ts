import { describe, expect, test } from "vitest";

import { definitionFromClassic } from "../../../src/exchange/definition-from-classic.ts";

describe("a bare definition of which parts are missing", () => {
  test("means what it means to a gateway", () => {
    const reading = definitionFromClassic(
      {
        use_keyless: true,
        proxy: { listen_path: "/sample", target_url: "http://upstream.example.com" },
        version_data: {
          not_versioned: true,
          versions: { v1: { use_extended_paths: false, paths: { white_list: ["/simple"] } } },
        },
      },
      { routeBase: "/api/custom", takenNames: new Set(["api"]) },
    );
    expect(reading.problems).toEqual([]);
    expect(reading.definition).toMatchObject({
      name: "api-2",
      spec: {
        active: true,
        keyless: true,
        listenPath: "/sample",
        match: "prefix",
        action: { proxy: { targetUrl: "http://upstream.example.com", stripPath: false } },
        paths: { allowed: [{ path: "/simple" }] },
      },
    });
  });

  test("is refused without a target", () => {
    const reading = definitionFromClassic({ proxy: {} }, { routeBase: "/api/custom", takenNames: new Set() });
    expect(reading.problems.map(({ message }) => message)).toEqual(["proxy: target_url is required"]);
  });
});
