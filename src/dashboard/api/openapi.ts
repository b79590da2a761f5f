import { type ApiRoute } from "./api-route.ts";
import { shapes } from "./shapes.ts";

const ifMatch = {
  name: "If-Match",
  in: "header",
  description: "The ETag of what is changed: a 409 when that is not what there is any more.",
  schema: { type: "string" },
};

const ifNoneMatch = {
  name: "If-None-Match",
  in: "header",
  description: "An ETag that the client has: a 304 when it is still the one.",
  schema: { type: "string" },
};

const etag = { description: "For `If-Match` and `If-None-Match`.", schema: { type: "string" } };

/** How an operation may end otherwise, and which of them may. */
const otherEnds: readonly (readonly [
  status: string,
  description: string,
  may: (route: ApiRoute) => boolean,
])[] = [
  [
    "202",
    "Proposed on a branch of its own, or committed and not live yet: `Meta` names branch or commit.",
    isCommit,
  ],
  ["400", "The request is wrong, or there is no such object.", () => true],
  ["401", "The key is missing or unknown.", () => true],
  ["403", "The user lacks a permission, or a page of another site wants to write.", () => true],
  ["404", "There is no such object.", ({ path, body }) => path.includes(":") || body !== undefined],
  ["405", "Nothing is written through this process.", isCommit],
  ["409", "Something else is in the way; nothing has happened.", ({ method }) => method !== "GET"],
  ["413", "The body is larger than 1 MiB.", ({ body }) => body !== undefined],
  ["415", "The body is no JSON in UTF-8.", ({ body }) => body !== undefined],
  ["421", "The dashboard is not known by the host that the request names.", () => true],
  ["429", "The key is wrong, as too many were from this address.", () => true],
  ["500", "A fault of Gitway's own; its log has more.", () => true],
  ["503", "The source or the store is away.", () => true],
];

/** The OpenAPI 3.1 document of the Dashboard API, made from its rows. */
export function openApiOf(routes: readonly ApiRoute[]): Record<string, unknown> {
  const paths = new Map<string, Record<string, unknown>>();
  for (const route of routes) {
    const path = `/api${route.path.replaceAll(/:(\w+)/g, "{$1}")}`;
    paths.set(path, { ...paths.get(path), [route.method.toLowerCase()]: operationOf(route) });
  }
  return {
    openapi: "3.1.0",
    info: {
      title: "Gitway Dashboard API",
      version: "1",
      description: "Definitions, tokens, webhooks, users and events. Every write is a commit.",
      license: { name: "Apache-2.0", identifier: "Apache-2.0" },
    },
    servers: [{ url: "/" }],
    security: [{ key: [] }],
    paths: Object.fromEntries(paths),
    components: {
      securitySchemes: {
        key: { type: "apiKey", in: "header", name: "authorization", description: "The user's key." },
      },
      schemas: shapes,
    },
  };
}

function isCommit({ commits }: ApiRoute): boolean {
  return commits === true;
}

function operationOf(route: ApiRoute) {
  const { method, path, summary, access, query = {}, body, answer, hasTag } = route;
  const needs = "all" in access ? access.all.join(" and ") : access.any.join(" or ");
  const inPath = [...path.matchAll(/:(\w+)/g)].map(([, name = ""]) => ({
    name,
    in: "path",
    required: true,
    description: "A name or an id.",
    schema: { type: "string" },
  }));
  const inQuery = Object.entries(query).map(([name, description]) => ({
    name,
    in: "query",
    description,
    schema: { type: "string" },
  }));
  return {
    operationId: operationId(method, path),
    summary,
    description: needs === "" ? "Needs a key." : `Needs ${needs}.`,
    parameters: [
      ...inPath,
      ...inQuery,
      ...(isCommit(route) && method !== "POST" ? [ifMatch] : []),
      ...(hasTag ? [ifNoneMatch] : []),
    ],
    ...(body
      ? {
          requestBody: {
            required: !route.bodyMayBeAbsent,
            content: json(`#/components/schemas/${body}`),
          },
        }
      : {}),
    responses: {
      "200": {
        description: "Done.",
        content: contentOf(answer),
        ...(hasTag ? { headers: { ETag: etag } } : {}),
      },
      ...(hasTag ? { "304": { description: "It is what If-None-Match names." } } : {}),
      ...Object.fromEntries(
        otherEnds
          .filter(([, , may]) => may(route))
          .map(([status, description]) => [
            status,
            { description, content: json("#/components/schemas/Envelope") },
          ]),
      ),
    },
  };
}

function contentOf(answer: ApiRoute["answer"]) {
  if (answer === "EventStream") return { "text/event-stream": { schema: { type: "string" } } };
  return json(`#/components/schemas/${answer}`);
}

function json($ref: string) {
  return { "application/json": { schema: { $ref } } };
}

/** `GET /apis/:id/tokens` is `getApisByIdTokens`. */
function operationId(method: string, path: string): string {
  const words = path
    .split("/")
    .filter((word) => word !== "")
    .map((word) =>
      word.replace(/^:(\w)/, (_, letter: string) => `By${letter.toUpperCase()}`).replace(/\.json$/, ""),
    );
  return method.toLowerCase() + words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join("");
}
