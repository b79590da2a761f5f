import { describe, expect, test } from "vitest";

import { chooseVersion, prepareVersions } from "../../../../src/endpoint/table/served-versions.ts";
import type { Versions } from "../../../../src/manifest/api-definition.generated.ts";

const entries = [{ name: "v1" }, { name: "v2" }];

describe("the version of a call", () => {
  test.each<[string, Partial<Versions>, string, string | null]>([
    ["is named by a header", { location: "header", key: "X-Version" }, "/", "v2"],
    ["or a query parameter", { location: "query", key: "v" }, "/?v=v1", "v1"],
    ["or the first segment", { location: "path" }, "/v2/x", "v2"],
    ["escaped or not", { location: "path" }, "/%76%32/x", "v2"],
    ["is the default when none is named", { location: "query", key: "v", default: "v1" }, "/", "v1"],
    ["is missing without a default", { location: "query", key: "v" }, "/", "missing"],
    ["is unknown when there is no such", { location: "query", key: "v", default: "v1" }, "/?v=9", "unknown"],
    [
      "falls back when that is wanted",
      { location: "query", key: "v", default: "v1", fallbackToDefault: true },
      "/?v=9",
      "v1",
    ],
    [
      "does not fall back to nothing",
      { location: "query", key: "v", fallbackToDefault: true },
      "/?v=9",
      "unknown",
    ],
    ["is refused when it is unclear", { location: "query", key: "v" }, "/?v=v1&v=v2", "several"],
    [
      "is refused when it is unclear, also with a default",
      { location: "query", key: "v", default: "v1", fallbackToDefault: true },
      "/?v=&a=1&v=v2",
      "several",
    ],
    ["may be named twice", { location: "query", key: "v" }, "/?v=v1&%76=v1", "v1"],
    [
      "is the first when the upstream reads none",
      { location: "query", key: "v", strip: true },
      "/?v=v1&v=v2",
      "v1",
    ],
    ["is never a property of objects", { location: "path" }, "/__proto__", "unknown"],
  ])("%s", (_what, versions, url, expected) => {
    const [path = "", query = ""] = url.split("?");
    const prepared = prepareVersions({
      action: { reply: {} },
      versions: { location: "path", entries, ...versions },
    });

    const chosen = chooseVersion(
      prepared!,
      { "x-version": "v2" },
      query,
      path.split("/").filter((segment) => segment !== ""),
    );

    expect(chosen.version?.name ?? chosen.fault).toBe(expected);
  });

  test("a version without paths of its own has those of the definition", () => {
    const prepared = prepareVersions({
      action: { reply: {} },
      paths: { blocked: [{ path: "/a" }] },
      versions: { location: "path", entries: [{ name: "v1" }, { name: "v2", paths: {} }] },
    });

    expect(prepared?.byName.get("v1")?.paths.blocked).toHaveLength(1);
    expect(prepared?.byName.get("v2")?.paths.blocked).toHaveLength(0);
  });
});
