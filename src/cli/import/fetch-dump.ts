import { type IncomingMessage, request as requestHttp } from "node:http";
import { request as requestHttps } from "node:https";

import { AppError, messageOf } from "../../errors.ts";
import type { Dump } from "../../exchange/dashboard-dump.ts";
import { isObject } from "../../exchange/json-object.ts";
import type { Secret } from "../../secret.ts";
import { dumpOf, largestDump, parseJson } from "./read-dump.ts";

/** What a Dashboard is asked for: all of each, as its clients ask (Dashboard facts 1.3). */
const lists = ["apis", "hooks"] as const;

/** Milliseconds for one answer, from the request to its last byte. */
const patience = 60_000;

/** Whether a source of a dump is the address of a Dashboard. */
export function isAddress(from: string): boolean {
  return /^https?:\/\//i.test(from);
}

/** The address of a Dashboard; one with a user, a password or a query is `usage`. */
export function dashboardAddress(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (!url || url.username !== "" || url.password !== "" || url.search !== "" || url.hash !== "")
    throw new AppError(
      "usage",
      "The address of the Dashboard must be like https://dashboard.example.com: without a user, a password or a query.",
    );
  if (!url.pathname.endsWith("/")) url.pathname += "/";
  return url;
}

/** Gets the definitions and webhooks of a Dashboard. The key goes to that address only: redirects are not followed. */
export async function fetchDump(address: URL, key: Secret): Promise<Dump> {
  const dumps: Dump[] = [];
  for (const list of lists) dumps.push(await fetchList(new URL(`api/${list}?p=-2`, address), list, key));
  return {
    items: dumps.flatMap(({ items }) => items),
    problems: dumps.flatMap(({ problems }) => problems),
  };
}

async function fetchList(url: URL, list: (typeof lists)[number], key: Secret): Promise<Dump> {
  const { status, content } = await get(url, key);
  if (status !== 200)
    throw new AppError("dashboard-unreachable", `${url.href} answered ${status}: ${adviceFor(status)}`);
  const json = parseJson(content);
  if ("value" in json) checkPage(json.value, url, list);
  return dumpOf(json, url.href);
}

function adviceFor(status: number): string {
  if (status === 401 || status === 403) return "the key opens nothing there, or not this.";
  if (status >= 300 && status < 400)
    return "it leads elsewhere, and the key is sent nowhere else: give that address.";
  return "is that the address of a Dashboard?";
}

/** A part of the list must not pass for all of it. */
function checkPage(json: unknown, url: URL, list: string): void {
  const answer = isObject(json) ? json : {};
  if (!Array.isArray(answer[list]) && answer[list] !== null)
    throw new AppError(
      "dashboard-unreachable",
      `${url.href} answered no list '${list}': is that a Dashboard?`,
    );
  if (typeof answer["pages"] === "number" && answer["pages"] > 1)
    throw new AppError(
      "dashboard-unreachable",
      `${url.href} answered the first of ${answer["pages"]} pages, not all: save all pages to a folder, and import that.`,
    );
}

interface Answer {
  readonly status: number;
  readonly content: Buffer;
}

async function get(url: URL, key: Secret): Promise<Answer> {
  const signal = AbortSignal.timeout(patience);
  const send = url.protocol === "https:" ? requestHttps : requestHttp;
  try {
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      const headers = { authorization: key.reveal(), accept: "application/json" };
      const request = send(url, { headers, signal, agent: false }, resolve);
      request.once("error", reject);
      request.end();
    });
    return { status: response.statusCode ?? 0, content: await contentOf(response) };
  } catch (error) {
    const late = signal.aborted ? `there was no whole answer within ${patience / 1000} seconds` : null;
    const reason = late ?? (error as NodeJS.ErrnoException).code ?? messageOf(error);
    throw new AppError("dashboard-unreachable", `${url.href} can't be read: ${reason}.`, { cause: error });
  }
}

async function contentOf(response: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    size += chunk.length;
    if (size > largestDump) {
      response.destroy();
      throw new Error(`the answer is larger than ${largestDump / 1024 / 1024} MiB`);
    }
  }
  return Buffer.concat(chunks);
}
