import { METHODS } from "node:http";

import { framing } from "../../framing.ts";
import { isSendable } from "../../sendable.ts";
import type { Refusal } from "../endpoint-error.ts";
import { saidByProxy } from "../http/header-names.ts";
import { parseRequestTarget } from "../http/request-target.ts";
import { hasFewParts } from "../json-parts.ts";

/** One request of a batch. */
export interface BatchedRequest {
  /** As it was given, to name it in the answer. */
  readonly relativeUrl: string;
  /** The path with its query, within the definition's own. */
  readonly url: string;
  readonly method: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: Buffer;
}

/** What a batch asks for. */
export interface Batch {
  /** In their order, once. */
  readonly requests: IterableIterator<BatchedRequest>;
  /** Whether each waits for the one before it. */
  readonly inTurn: boolean;
}

const methods: ReadonlySet<string> = new Set(METHODS.filter((method) => method !== "CONNECT"));
const headLimit = 16 * 1024;
/** Members and items: a thousand requests with fifty headers each. */
const mostParts = 60_000;

/**
 * The requests of a batch (Gateway rules 2.7), to paths below `root` and nowhere else. One that can't be
 * made refuses the whole batch, before any is.
 */
export function readBatch(body: Buffer, root: string, maxRequests: number): Batch | Refusal {
  const text = body.toString("utf8");
  const given = fieldsOf(hasFewParts(text, mostParts) ? parseJson(text) : undefined);
  const list = given?.["requests"];
  if (!given || !Array.isArray(list)) return { code: 2030 };
  if (list.length > maxRequests) return { code: 2032 };
  const requests = list.map((item) => readRequest(item, root));
  if (!requests.every((request) => request !== null)) return { code: 2031 };
  return { requests: requests.values(), inTurn: given["suppress_parallel_execution"] === true };
}

function readRequest(given: unknown, root: string): BatchedRequest | null {
  const { method = "GET", headers, body = "", relative_url: relativeUrl } = fieldsOf(given) ?? {};
  const url = typeof relativeUrl === "string" ? urlBelow(root, relativeUrl) : null;
  const pairs = readHeaders(headers ?? {});
  if (typeof relativeUrl !== "string" || url === null || pairs === null) return null;
  if (typeof method !== "string" || !methods.has(method.toUpperCase())) return null;
  if (typeof (body ?? "") !== "string") return null;
  return {
    relativeUrl,
    url,
    method: method.toUpperCase(),
    headers: pairs,
    body: Buffer.from((body ?? "") as string),
  };
}

/** Null for what leads elsewhere, or is no path. */
function urlBelow(root: string, relativeUrl: string): string | null {
  if (/^(?:[a-z][a-z0-9+.-]*:)?\/\//i.test(relativeUrl)) return null;
  const url = `${root}/${relativeUrl.replace(/^\//, "")}`;
  return url.length <= headLimit && parseRequestTarget(url, undefined) ? url : null;
}

/** Without those about the connection, which are not the client's to set here. */
function readHeaders(given: unknown): [string, string][] | null {
  const entries = Object.entries(fieldsOf(given) ?? { "": null });
  const size = entries.reduce((sum, [name, value]) => sum + name.length + String(value).length, 0);
  const isWellFormed = (entry: [string, unknown]): entry is [string, string] =>
    typeof entry[1] === "string" && isSendable([entry[0], entry[1]]);
  if (size > headLimit || !entries.every(isWellFormed)) return null;
  return entries.filter(([name]) => !framing.has(name.toLowerCase()) && !saidByProxy.has(name.toLowerCase()));
}

function fieldsOf(value: unknown): Record<string, unknown> | null {
  const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
  return isObject ? (value as Record<string, unknown>) : null;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
