import { writeFile } from "node:fs/promises";
import { join } from "node:path";

import { token } from "./gitway.ts";
import { cores, freePort, hasProgram, start, type Started } from "./processes.ts";

/** A proxy of somebody else, with the same header check and allowed path. */
export interface Peer {
  readonly name: string;
  readonly program: string;
  readonly start: (upstream: number, path: string, folder: string) => Promise<Started & { port: number }>;
}

/** What the machine may have. Each has one core and one process, keeps its upstream connections, logs nothing. */
export const peers: readonly Peer[] = [
  { name: "nginx", program: "nginx", start: startNginx },
  { name: "Caddy", program: "caddy", start: startCaddy },
];

/** The peers that this machine has; the others are named. */
export function presentPeers(): readonly Peer[] {
  return peers.filter(({ name, program }) => {
    const present = hasProgram(program);
    if (!present) console.log(`${name} is not on this machine: left out.`);
    return present;
  });
}

async function startNginx(upstream: number, path: string, folder: string) {
  const port = await freePort();
  const file = join(folder, "nginx.conf");
  const config = `
daemon off;
master_process off;
worker_processes 1;
pid ${join(folder, "nginx.pid")};
error_log stderr error;
events { worker_connections 1024; }
http {
  access_log off;
  keepalive_requests 100000000;
  ${["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map((name) => `${name}_temp_path ${join(folder, name)};`).join("\n  ")}
  upstream up { server 127.0.0.1:${upstream}; keepalive 128; keepalive_requests 100000000; }
  server {
    listen 127.0.0.1:${port};
    location = ${path} {
      if ($http_authorization != "Bearer ${token}") { return 401; }
      proxy_pass http://up;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header Authorization "";
      proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
    }
    location / { return 403; }
  }
}`;
  await writeFile(file, config);
  return {
    ...start(cores.measured, "nginx", ["-p", folder, "-e", "stderr", "-c", file], { cwd: folder }),
    port,
  };
}

async function startCaddy(upstream: number, path: string, folder: string) {
  const port = await freePort();
  const file = join(folder, "Caddyfile");
  const config = `
{
  admin off
  auto_https off
  log {
    level ERROR
  }
}
http://:${port} {
  bind 127.0.0.1
  @known {
    header Authorization "Bearer ${token}"
    path ${path}
  }
  handle @known {
    reverse_proxy 127.0.0.1:${upstream} {
      header_up -Authorization
    }
  }
  handle {
    respond 401
  }
}
`;
  await writeFile(file, config);
  const args = ["run", "--adapter", "caddyfile", "--config", file];
  const env = { ...process.env, GOMAXPROCS: "1", HOME: folder, XDG_DATA_HOME: folder };
  return { ...start(cores.measured, "caddy", args, { cwd: folder, env, quiet: true }), port };
}
