import { once } from "node:events";
import { createServer, type ServerResponse } from "node:http";
import { type AddressInfo, connect } from "node:net";

import { expect, onTestFinished, test } from "vitest";

import { boundDelivery } from "../../src/endpoint/http/bound-delivery.ts";

const tenMinutes = 600_000;

test("a client that takes nothing of a long answer is cut off once its time is over", async () => {
  const { response, client } = await answered("x".repeat(64 * 1024 * 1024));

  expect(response.writableLength).toBeGreaterThan(0);
  expect(response.socket?.timeout).toBe(tenMinutes);
  // So much time can't be waited for: this is what it ends in.
  response.emit("timeout");

  await once(client.resume(), "close");
  expect(response.destroyed).toBe(true);
});

test("a client that has all there is may wait for more", async () => {
  const { response, client } = await answered("all");

  expect(response.listenerCount("timeout")).toBe(0);
  expect(response.socket?.timeout).not.toBe(tenMinutes);
  expect(String(await once(client.resume(), "data"))).toContain("\r\n\r\nall");
  expect(client.destroyed).toBe(false);
});

/** An answer that has been written and not ended, and the client, which has read none of it. */
async function answered(body: string) {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const client = connect((server.address() as AddressInfo).port, "127.0.0.1").pause();
  client.on("error", () => {});
  onTestFinished(() => {
    client.destroy();
    server.close();
  });
  client.write("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  const [, response] = (await once(server, "request")) as [unknown, ServerResponse];
  response.writeHead(200, { "content-length": 100_000_000 });
  response.write(body);
  response.socket?.uncork();
  boundDelivery(response);
  boundDelivery(response);
  expect(response.listenerCount("timeout")).toBeLessThan(2);
  return { response, client };
}
