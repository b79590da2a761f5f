import { createServer } from "node:net";

/** An upstream that costs next to nothing: the same answer to every request that ends in its chunk. */
const [port, size] = process.argv.slice(2).map(Number);
const head = `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ${size}\r\n\r\n`;
const answer = Buffer.from(head + "x".repeat(size));

createServer((socket) => {
  socket.setNoDelay();
  socket.on("error", () => socket.destroy());
  socket.on("data", (chunk) => {
    if (chunk.latin1Slice(chunk.length - 4) === "\r\n\r\n") socket.write(answer);
  });
}).listen(port, "127.0.0.1");
