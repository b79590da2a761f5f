import { type ApiRoute } from "./api-route.ts";
import { shapes } from "./shapes.ts";

const envelope = { $ref: "#/components/schemas/Envelope" };
const refusals = {
  "400": "The request is wrong.",
  "401": "The key is missing or unknown.",
  "403": "The user lacks a permission.",
  "409": "Something else is in the way.",
  "429": "Too many wrong keys came from this address.",
} as const;

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

function operationOf(route: ApiRoute) {
  const { method, path, summary, access, query = {}, body, answer } = route;
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
    parameters: [...inPath, ...inQuery],
    ...(body
      ? {
          requestBody: {
            required: !route.bodyMayBeAbsent,
            content: json(`#/components/schemas/${body}`),
          },
        }
      : {}),
    responses: {
      "200": { description: "Done.", content: contentOf(answer) },
      ...Object.fromEntries(
        Object.entries(refusals).map(([status, description]) => [
          status,
          { description, content: { "application/json": { schema: envelope } } },
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
