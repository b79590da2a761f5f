import { spawn } from "node:child_process";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { AddressInfo, Server as TcpServer } from "node:net";

/**
 * Git's own HTTP server, run as a CGI program. With `cut`, the connection breaks before the answer, or after
 * so many bytes of a longer one.
 */
export function serveGit(
  root: string,
  request: IncomingMessage,
  response: ServerResponse,
  {
    cut = false,
    changed = (body) => body,
  }: { readonly cut?: boolean | number; readonly changed?: (body: string) => string } = {},
): void {
  const url = new URL(request.url ?? "/", "http://localhost");
  const child = spawn("git", ["-c", "safe.directory=*", "http-backend"], {
    env: {
      PATH: process.env["PATH"],
      GIT_CONFIG_GLOBAL: "/dev/null",
      GIT_PROJECT_ROOT: root,
      GIT_HTTP_EXPORT_ALL: "1",
      GIT_PROTOCOL: request.headers["git-protocol"]?.toString(),
      REQUEST_METHOD: request.method,
      PATH_INFO: url.pathname,
      QUERY_STRING: url.search.slice(1),
      CONTENT_TYPE: request.headers["content-type"],
      HTTP_CONTENT_ENCODING: request.headers["content-encoding"],
      REMOTE_USER: "jdoe",
    },
  });
  const chunks: Buffer[] = [];
  child.stdout.on("data", (chunk: Buffer) => chunks.push(chunk));
  child.on("close", () => {
    if (cut === true) {
      response.destroy();
      return;
    }
    const output = Buffer.concat(chunks);
    const end = output.indexOf("\r\n\r\n");
    const lines = output.subarray(0, end).toString().split("\r\n");
    const headers = lines.map((line) => line.split(": ") as [string, string]);
    const status = headers.find(([name]) => name === "Status")?.[1] ?? "200";
    const body = Buffer.from(changed(output.toString("latin1", end + 4)), "latin1");
    response.writeHead(Number.parseInt(status, 10), headers.flat());
    if (cut === false || body.length <= cut) response.end(body);
    else response.write(body.subarray(0, cut), () => response.destroy());
  });
  request.pipe(child.stdin);
}

/** Has a server listen on a free port of this machine, until it is disposed of. */
export async function listen(server: Server | TcpServer) {
  const sockets = new Set<{ destroy(): void }>();
  server.on("connection", (socket: { destroy(): void }) => sockets.add(socket));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}
