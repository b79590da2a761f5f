import { once } from "node:events";
import { request as httpRequest, type IncomingMessage, type OutgoingHttpHeaders } from "node:http";
import { text } from "node:stream/consumers";

import { definitionFromClassic } from "../../../src/exchange/definition-from-classic.ts";
import { bearer, definition, serve, state } from "../serving.ts";
import { startUpstream, type Upstream } from "../upstream.ts";
import { type GatewayCase, type Observed, type Suite, withSuiteDefaults } from "./cases.ts";

interface HttpCase {
  readonly method?: string;
  readonly path?: string;
  readonly code: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly auth?: unknown;
  readonly remote_addr?: string;
  readonly x_forwarded_for?: string;
  readonly body_contains?: string;
  readonly body_not_contains?: string;
  readonly headers_contain?: Readonly<Record<string, string>>;
  readonly header_present?: readonly string[];
  readonly header_absent?: readonly string[];
  readonly upstream_uri?: string;
  readonly upstream_header?: Readonly<Record<string, string>>;
  readonly upstream_header_absent?: readonly string[];
}

/** How an endpoint with the definitions of a suite answers. Refused definitions never do as the fact says. */
export async function observeOverHttp(suite: Suite, fact: GatewayCase): Promise<Observed> {
  const upstream = await startUpstream((_request, response) => response.end("from the upstream"));
  try {
    const apis = suite.apis?.map((proxy) => ({ proxy })) ?? [suite.api ?? {}, ...(suite.other_apis ?? [])];
    const taken = apis.map((api, index) => takenOver(api, upstream, index));
    const refused = taken.flatMap(({ problems }) => problems);
    if (refused.length > 0) return { holds: false, found: { refused } };
    const definitions = taken.flatMap(({ definition }) => definition ?? []);
    return await answered(definitions, upstream, fact as unknown as HttpCase, suite.trusted);
  } finally {
    await upstream.close();
  }
}

/** A definition of the classic notation as it would be stored, or why it is refused. */
function takenOver(api: Readonly<Record<string, unknown>>, upstream: Upstream, index: number) {
  const given = JSON.stringify(withSuiteDefaults(api))
    .replaceAll("<echo upstream>", upstream.url)
    .replaceAll("<upstream>", upstream.url)
    .replaceAll("<now+1y, YYYY-MM-DD HH:MM>", `${new Date().getUTCFullYear() + 1}-12-31 12:00`);
  const reading = definitionFromClassic(JSON.parse(given), {
    routeBase: "/api/custom",
    takenNames: new Set(),
  });
  if (!reading.definition)
    return { definition: null, problems: reading.problems.map(({ message }) => message) };
  const { spec } = reading.definition;
  // Who may call is granted beside the definition.
  const granted = spec.keyless ? spec : { ...spec, tokens: ["internal"] };
  return { definition: definition(`api-${index}`, granted), problems: [] as string[] };
}

async function answered(
  definitions: readonly ReturnType<typeof definition>[],
  upstream: Upstream,
  fact: HttpCase,
  trusted: readonly string[] = [],
): Promise<Observed> {
  // A front proxy on this machine says which peer a fact is about.
  const endpoint = await serve(state(definitions), { trustedProxies: ["127.0.0.1", ...trusted] });
  try {
    const response = await send(endpoint.url, fact);
    const body = await text(response);
    const reached = upstream.requests.at(-1);
    return { holds: fits(fact, response, body, reached), found: summary(response, body, reached) };
  } finally {
    await endpoint.close();
  }
}

async function send(url: string, fact: HttpCase): Promise<IncomingMessage> {
  const peer = fact.remote_addr?.replace(/:\d+$/, "");
  const hops = [fact.x_forwarded_for, peer].filter((hop) => hop);
  const headers: OutgoingHttpHeaders = {
    ...(fact.auth === undefined ? {} : bearer),
    ...(hops.length === 0 ? {} : { "x-forwarded-for": hops.join(", ") }),
    ...fact.headers,
  };
  const request = httpRequest(url, { method: fact.method ?? "GET", path: fact.path ?? "/sample", headers });
  request.end();
  const [response] = (await once(request, "response")) as [IncomingMessage];
  return response;
}

/** What matters of an answer. */
function summary({ statusCode }: IncomingMessage, body: string, reached: IncomingMessage | undefined) {
  const errorCode = /"errorCode":(\d+)/.exec(body)?.[1];
  return {
    code: statusCode,
    ...(errorCode === undefined ? {} : { errorCode: Number(errorCode) }),
    ...(reached ? { upstream: reached.url } : {}),
  };
}

function fits(
  fact: HttpCase,
  { statusCode, headers }: IncomingMessage,
  body: string,
  reached: IncomingMessage | undefined,
): boolean {
  const names = (list: readonly string[] = []) => list.map((name) => name.toLowerCase());
  const pairs = (fields: Readonly<Record<string, string>> = {}) =>
    Object.entries(fields).map(([name, value]) => [name.toLowerCase(), value] as const);
  return [
    statusCode === fact.code,
    body.includes(fact.body_contains ?? ""),
    fact.body_not_contains === undefined || !body.includes(fact.body_not_contains),
    pairs(fact.headers_contain).every(([name, value]) => headers[name] === value),
    names(fact.header_present).every((name) => headers[name] !== undefined),
    names(fact.header_absent).every((name) => headers[name] === undefined),
    fact.upstream_uri === undefined || reached?.url === fact.upstream_uri,
    pairs(fact.upstream_header).every(([name, value]) => reached?.headers[name] === value),
    names(fact.upstream_header_absent).every((name) => reached && reached.headers[name] === undefined),
  ].every(Boolean);
}
