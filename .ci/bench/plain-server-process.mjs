import { createServer } from "node:http";

/** A header is checked, and the answer is always the same. */
const [port, token, size] = process.argv.slice(2);
const body = Buffer.from("x".repeat(Number(size)));

createServer((request, response) => {
  const known = request.headers.authorization === `Bearer ${token}`;
  const answer = known ? body : Buffer.from("refused");
  response.writeHead(known ? 200 : 401, {
    "content-type": "application/json",
    "content-length": answer.length,
  });
  response.end(answer);
}).listen(Number(port), "127.0.0.1");
