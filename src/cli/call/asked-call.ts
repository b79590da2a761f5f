import { METHODS, validateHeaderName, validateHeaderValue } from "node:http";

import { InvalidArgumentError } from "commander";

import type { Config } from "../../config.ts";
import { AppError } from "../../errors.ts";
import type { Secret } from "../../secret.ts";
import { readGivenFile } from "../given-file.ts";
import { urlOf } from "./find-route.ts";

/** A request as somebody asks for it on the command line. */
export interface AskedCall {
  /** `http://127.0.0.1:8080` */
  readonly origin: string;
  /** What the request names as its host. */
  readonly host: string;
  readonly method: string;
  /** The path with its query, as it was written. */
  readonly url: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: Buffer;
}

/** The flags that a request is made from. */
export interface AskedCallFlags {
  readonly request?: string;
  readonly header?: readonly (readonly [name: string, value: string])[];
  readonly data?: Buffer;
  readonly url?: string;
}

const largestBody = 64 * 1024 * 1024;

/** Makes the request: a route lies below the endpoint's base, a path starts with a slash, a URL says where too. */
export function askedCall(route: string, flags: AskedCallFlags, config: Config): AskedCall {
  const [, origin = null, rest = ""] = /^(https?:\/\/[^/?#]+)(.*)$/is.exec(route) ?? [];
  if (origin !== null && flags.url !== undefined)
    throw new AppError("usage", "The route says where the endpoint is, and --url does too. Leave one out.");
  const url = origin === null ? urlOf(route, config.endpoint.base) : rest || "/";
  const target = url.startsWith("?") ? `/${url}` : url;
  if (!/^[\x21-\x7e]+$/.test(target))
    throw new AppError("usage", `'${route}' is no path that a request can have. Write it as in a URL.`);
  const body = flags.data ?? Buffer.alloc(0);
  const where = flags.url ?? origin ?? configuredOrigin(config);
  const given = flags.header ?? [];
  const host = given.find(([name]) => name.toLowerCase() === "host")?.[1] ?? new URL(where).host;
  const headers = given.filter(([name]) => !["host", "content-length"].includes(name.toLowerCase()));
  const isTyped = headers.some(([name]) => name.toLowerCase() === "content-type");
  return {
    origin: where,
    host,
    method: flags.request ?? (flags.data ? "POST" : "GET"),
    url: target,
    headers: isTyped || body.length === 0 ? headers : [...headers, ["content-type", "application/json"]],
    body,
  };
}

/** The request with a secret as its token. In `Authorization` it is a Bearer. */
export function withToken(asked: AskedCall, header: string, secret: Secret): AskedCall {
  const value = header.toLowerCase() === "authorization" ? `Bearer ${secret.reveal()}` : secret.reveal();
  const others = asked.headers.filter(([name]) => name.toLowerCase() !== header.toLowerCase());
  return { ...asked, headers: [...others, [header, value]] };
}

/** `Name: value`, one for each flag. */
export function parseHeader(
  text: string,
  before: AskedCallFlags["header"] = [],
): NonNullable<AskedCallFlags["header"]> {
  const [, name = "", value = ""] = /^([^:\s]+):\s*(.*?)\s*$/.exec(text) ?? [];
  try {
    validateHeaderName(name);
    validateHeaderValue(name, value);
  } catch {
    throw new InvalidArgumentError('Write "Name: value".');
  }
  return [...before, [name, value]];
}

/** A method of HTTP, in upper case. */
export function parseMethod(text: string): string {
  const method = text.toUpperCase();
  if (METHODS.includes(method) && method !== "CONNECT") return method;
  throw new InvalidArgumentError("Give a method such as GET or POST.");
}

/** The body, or the content of a file after an `@`. */
export function parseBody(text: string): Buffer {
  if (!text.startsWith("@")) return Buffer.from(text);
  return readGivenFile(text.slice(1), largestBody, (reason) => new InvalidArgumentError(reason));
}

/** `http://host:port`, with nothing after it. */
export function parseOrigin(text: string): string {
  const [origin] = /^https?:\/\/[^/?#@]+(?=\/?$)/i.exec(text) ?? [];
  if (origin !== undefined && URL.canParse(origin)) return origin;
  throw new InvalidArgumentError("Give where the endpoint listens: http://127.0.0.1:8080.");
}

function configuredOrigin({ endpoint: { host, port } }: Config): string {
  if (port === 0)
    throw new AppError("usage", "'endpoint.port' is 0, any free one: say where the endpoint is with --url.");
  const address = host === "0.0.0.0" ? "127.0.0.1" : host === "::" ? "::1" : host;
  return `http://${address.includes(":") ? `[${address}]` : address}:${port}`;
}
