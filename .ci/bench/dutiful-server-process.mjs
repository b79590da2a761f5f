import { createHash, hash, randomBytes } from "node:crypto";
import { createServer } from "node:http";

/**
 * What Gitway does for a reply, written down for this one case: the path is looked up, the token by its hash,
 * and the caller's right to the route; the answer carries a request id and a revision, and is counted and timed.
 */
const [port, token, size, routes, path] = process.argv.slice(2);
const body = Buffer.from("x".repeat(Number(size)));
const known = new Map([[createHash("sha256").update(token).digest("hex"), "bench"]]);
const table = new Map(
  Array.from({ length: Number(routes) }, (_, index) => [
    path.replace("{i}", index),
    { allowed: new Set(["bench"]), body, answered: 0, seconds: 0 },
  ]),
);

let drawn = "";

function newId() {
  if (drawn === "") drawn = randomBytes(3072).toString("hex");
  const id = drawn.slice(0, 12);
  drawn = drawn.slice(12);
  return id;
}

createServer((request, response) => {
  const start = performance.now();
  const url = request.url;
  const question = url.indexOf("?");
  const route = table.get((question < 0 ? url : url.slice(0, question)).toLowerCase());
  const secret = /^bearer +(\S+)$/i.exec(request.headers.authorization ?? "")?.[1];
  const name = secret === undefined ? undefined : known.get(hash("sha256", secret, "hex"));
  const status = !route ? 404 : !name || !route.allowed.has(name) ? 401 : 200;
  const answer = status === 200 ? route.body : Buffer.from("refused");
  response.on("close", () => {
    if (!route) return;
    route.answered++;
    route.seconds += (performance.now() - start) / 1000;
  });
  response.writeHead(status, {
    "x-request-id": newId(),
    "x-gitway-revision": "1",
    "content-type": "application/json",
    "content-length": answer.length,
  });
  response.end(answer);
}).listen(Number(port), "127.0.0.1");
