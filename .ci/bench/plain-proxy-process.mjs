import { createServer } from "node:http";

import { Agent } from "undici";

/** What somebody would write who needs this one proxy: a header, a path, hop-by-hop headers, streaming. */
const [port, upstream, token, path] = process.argv.slice(2);
const agent = new Agent({ connections: 1024 });
const hopByHop = new Set(["connection", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade"]);

createServer((request, response) => {
  if (request.headers.authorization !== `Bearer ${token}`) refuse(response, 401);
  else if (request.url !== path) refuse(response, 403);
  else proxy(request, response).catch(() => refuse(response, 502));
}).listen(Number(port), "127.0.0.1");

async function proxy(request, response) {
  const { authorization: _, host: _host, ...headers } = request.headers;
  for (const name of hopByHop) delete headers[name];
  headers["x-forwarded-for"] = request.socket.remoteAddress;
  const hasBody = request.headers["content-length"] ?? request.headers["transfer-encoding"];
  const answer = await agent.request({
    origin: upstream,
    path: request.url,
    method: request.method,
    headers,
    body: hasBody ? request : null,
  });
  for (const name of hopByHop) delete answer.headers[name];
  response.writeHead(answer.statusCode, answer.headers);
  answer.body.on("error", () => response.destroy());
  answer.body.pipe(response);
}

function refuse(response, status) {
  if (response.headersSent) response.destroy();
  else response.writeHead(status, { "content-length": 0 }).end();
}
