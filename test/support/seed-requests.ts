import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { promisify } from "node:util";

const run = promisify(execFile);

/** The requests that the Dashboard API's documentation prints, as they stand there. */
export type SeedRequest = "list" | "search" | "get" | "post" | "put" | "delete";

/** The ids in the printed requests. */
export const printedIds = {
  id: "54c24242eba6db1c9a000002",
  apiId: "bc2f8cfb7ab241504d9f3574fe407499",
} as const;

/** The key in the printed requests. */
export const printedKey = "7a7b140f-2480-4d5a-4e78-24049e3ba7f8";

/** What came back. */
export interface CurlAnswer {
  readonly status: number;
  readonly body: unknown;
}

/** Sends a printed request with curl; `edit` changes the text of it before. */
export async function sendPrinted(
  url: string,
  name: SeedRequest,
  edit: (text: string) => string = (text) => text,
): Promise<CurlAnswer> {
  const text = readFileSync(new URL(`../e2e/seed-requests/${name}.http`, import.meta.url), "utf8");
  return curl(url, edit(text));
}

/** Sends a request that is written as on the wire. */
export async function curl(url: string, request: string): Promise<CurlAnswer> {
  const [head = "", ...rest] = request.split("\n\n");
  const [line = "", ...headers] = head.trim().split("\n");
  const [method = "", path = ""] = line.split(" ");
  const body = rest.join("\n\n");
  // The printed length is not that of the printed body: curl knows better.
  const given = headers.filter((header) => !header.startsWith("Content-Length:"));
  const options = ["--silent", "--show-error", "--noproxy", "*", "--write-out", "\n%{http_code}"];
  for (const header of given) options.push("--header", header);
  if (body !== "") options.push("--data-binary", body);
  const { stdout } = await run("curl", [...options, "--request", method, `${url}${path}`]);
  const end = stdout.lastIndexOf("\n");
  return { status: Number(stdout.slice(end + 1)), body: JSON.parse(stdout.slice(0, end)) };
}
