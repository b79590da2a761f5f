import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

import { expect, test } from "vitest";

import { runGitway } from "../support/gitway-process.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

test("the password of the source is in no output, whatever tracing is asked for", async () => {
  await using folder = await temporaryFolder();
  const password = "a-password-that-must-not-be-seen";
  let asked = 0;
  const server = createServer((request, response) => {
    if (request.headers.authorization) asked++;
    response.writeHead(401, { "www-authenticate": "Basic realm=x" }).end();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const source = `http://127.0.0.1:${(server.address() as AddressInfo).port}/apis.git`;

  const result = await runGitway(
    [
      "plan",
      "--source",
      source,
      "--credentials-username",
      "u",
      "--credentials-password-env",
      "PASSWORD",
      "--log-level",
      "trace",
    ],
    { cwd: folder.path, env: { PASSWORD: password, DEBUG: "*", GIT_TRACE: "1", GIT_TRACE_CURL: "1" } },
  );

  server.close();
  expect(asked).toBeGreaterThan(0);
  expect(result.code).toBe(4);
  expect(result.stdout + result.stderr).not.toContain(password);
  expect(result.stdout + result.stderr).not.toContain(Buffer.from(`u:${password}`).toString("base64"));
});
