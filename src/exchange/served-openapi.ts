import type { DefinitionObject } from "./definition-notation.ts";
import type { JsonObject } from "./json-object.ts";
import { placeholdersOf, servedPaths, type ServedPath } from "./served-paths.ts";
import { securityBook, type SecurityBook } from "./served-security.ts";

/** What the document of the served routes must know. */
export interface ServedContext {
  /** The path below which routes are served. */
  readonly routeBase: string;
  /** Where the endpoint is reached from outside: a URL, or `/`. */
  readonly server: string;
  /** What tells one state of the routes from another. */
  readonly version: string;
}

/**
 * The OpenAPI 3.1 document of the routes that active definitions serve. Where OpenAPI has no word for
 * something, it is in the description: the paths below a path, and a second definition that answers at the
 * same path and method, for another host name or less exactly.
 */
export function definitionsToOpenApi(
  definitions: readonly DefinitionObject[],
  { routeBase, server, version }: ServedContext,
): JsonObject {
  const security = securityBook();
  const paths = new Map<string, Map<string, JsonObject>>();
  const shapes = new Map<string, string>();
  for (const definition of definitions.filter(({ spec }) => spec.active !== false).toSorted(byExactness)) {
    servedPaths(definition, routeBase).forEach((path, index) => {
      const shape = path.template.replaceAll(/\{[^{}]*\}/g, "{}");
      const template = shapes.get(shape) ?? path.template;
      shapes.set(shape, template);
      const item = paths.get(template) ?? new Map<string, JsonObject>();
      paths.set(template, item);
      for (const method of path.methods) {
        const key = method.toLowerCase();
        if (!item.has(key))
          item.set(key, operationOf(definition, { ...path, template }, method, index, security));
      }
    });
  }
  const items = [...paths]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([path, item]) => [path, Object.fromEntries(item)]);
  return {
    openapi: "3.1.0",
    info: { title: "Served APIs", version, description: "The routes that Gitway serves." },
    servers: [{ url: server }],
    paths: Object.fromEntries(items) as JsonObject,
    components: {
      ...(security.schemes().length === 0 ? {} : { securitySchemes: Object.fromEntries(security.schemes()) }),
      schemas: { Errors: errors },
      responses: { Refused: refused },
    },
  };
}

/** Definitions for any host first, then exact ones: those are what most callers meet. */
function byExactness(a: DefinitionObject, b: DefinitionObject): number {
  const rank = ({ spec, name }: DefinitionObject): string =>
    `${spec.domain === undefined ? 0 : 1} ${spec.match === "exact" ? 0 : 1} ${name}`;
  return rank(a) < rank(b) ? -1 : 1;
}

function operationOf(
  definition: DefinitionObject,
  path: ServedPath,
  method: string,
  index: number,
  security: SecurityBook,
): JsonObject {
  const { name, id, spec } = definition;
  const description = [spec.description, path.below ? "Paths below this one are answered too." : ""]
    .filter((text) => text)
    .join("\n\n");
  const open = path.open || path.replies.has(method);
  return {
    operationId: [name, method.toLowerCase(), ...(index === 0 ? [] : [index])].join("."),
    summary: spec.title ?? name,
    ...(description === "" ? {} : { description }),
    parameters: parametersOf(definition, path),
    ...bodyOf(definition, method),
    responses: { ...answerOf(definition, path, method), "4XX": refusal, "5XX": refusal },
    security: open ? [] : security.requirementsOf(spec),
    ...(spec.domain === undefined ? {} : { servers: [{ url: `//${spec.domain}` }] }),
    "x-gitway": { name, id },
  };
}

function parametersOf({ spec }: DefinitionObject, { template }: ServedPath): JsonObject[] {
  const { versions } = spec;
  const names = versions?.entries.map(({ name }) => name) ?? [];
  const inPath = placeholdersOf(template).map((name) => ({
    name,
    in: "path",
    required: true,
    schema: {
      type: "string",
      ...(versions?.location === "path" && name === "version" ? { enum: names } : {}),
    },
  }));
  if (!versions?.key || versions.location === "path") return inPath;
  const required = versions.default === undefined;
  return [
    ...inPath,
    { name: versions.key, in: versions.location, required, schema: { type: "string", enum: names } },
  ];
}

const bodyMethods = new Set(["POST", "PUT", "PATCH"]);

function bodyOf({ spec }: DefinitionObject, method: string): JsonObject {
  const { script } = spec.action;
  if (!bodyMethods.has(method)) return {};
  if (!script) return { requestBody: { content: { "*/*": {} } } };
  const { input = "raw", parameters = [] } = script;
  if (input === "raw") {
    const types = ["application/json", "application/xml", "text/xml", "text/plain"];
    return { requestBody: { content: Object.fromEntries(types.map((type) => [type, {}])) } };
  }
  const schema = { type: "object", ...(parameters.length === 0 ? {} : { required: parameters }) };
  return { requestBody: { required: input === "run", content: { "application/json": { schema } } } };
}

function answerOf({ spec }: DefinitionObject, { replies }: ServedPath, method: string): JsonObject {
  const status = replies.get(method) ?? spec.action.reply?.status ?? 200;
  return { [status]: { description: "The answer of the API." } };
}

const errors = {
  type: "object",
  required: ["errors"],
  properties: {
    errors: {
      type: "array",
      items: {
        type: "object",
        required: ["title", "detail", "errorCode", "faultingNode"],
        properties: {
          title: { type: "string" },
          detail: { type: "string" },
          errorCode: { type: "integer" },
          faultingNode: { type: "integer" },
        },
      },
    },
  },
};

const refusal = { $ref: "#/components/responses/Refused" };

const refused = {
  description: "The call was refused, or the API failed.",
  content: { "application/json": { schema: { $ref: "#/components/schemas/Errors" } } },
};
