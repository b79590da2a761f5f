import { expect, test } from "vitest";

import { newFileNamer } from "../../../src/cli/new-files.ts";

test("a new object gets the file that the pattern says", () => {
  const fileOf = newFileNamer({
    dashboard: { newFiles: "{path}/{kind}/{name}.yaml" },
    paths: ["apis/", "more"],
  });

  expect(fileOf("ApiDefinition", "hello")).toBe("apis/definitions/hello.yaml");
  expect(fileOf("Webhook", "$&")).toBe("apis/webhooks/$&.yaml");
});

test("a name that Windows keeps for a device is no name of a file", () => {
  const fileOf = newFileNamer({ dashboard: { newFiles: "{name}.yaml" }, paths: [] });

  for (const name of ["con", "nul", "com1", "lpt9"]) expect(fileOf("ApiToken", name)).toBe(`${name}_.yaml`);
  for (const name of ["console", "con-1", "com10"]) expect(fileOf("ApiToken", name)).toBe(`${name}.yaml`);
});
