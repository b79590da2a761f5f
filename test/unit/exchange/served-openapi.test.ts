import { Validator } from "@seriousme/openapi-schema-validator";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";

import { definitionsToOpenApi } from "../../../src/exchange/served-openapi.ts";
import type { ApiDefinitionSpec } from "../../../src/manifest/api-definition.generated.ts";
import { definitionSpec } from "../../support/exchange-arbitraries.ts";
import { stored } from "../../support/exchanging.ts";

interface Operation {
  readonly operationId: string;
  readonly parameters: readonly { readonly name: string; readonly in: string }[];
  readonly security: readonly Readonly<Record<string, unknown>>[];
  readonly responses: Readonly<Record<string, unknown>>;
}

interface Document {
  readonly openapi: string;
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly securitySchemes?: Readonly<Record<string, object>> };
}

function documentOf(...specs: readonly Partial<ApiDefinitionSpec>[]): Document {
  const definitions = specs.map((spec, index) =>
    stored({
      kind: "ApiDefinition",
      name: `api-${index}`,
      labels: {},
      annotations: {},
      spec: { active: true, action: { reply: {} }, ...spec },
    }),
  );
  const context = { routeBase: "/api/custom", server: "http://127.0.0.1:8080", version: "7" };
  return JSON.parse(JSON.stringify(definitionsToOpenApi(definitions, context))) as Document;
}

function operationsOf(document: Document): string[] {
  return Object.entries(document.paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, { operationId }]) => `${method} ${path}: ${operationId}`),
  );
}

describe("the OpenAPI document of the served routes", () => {
  test("has the routes and listen paths of active definitions, with their methods", () => {
    const document = documentOf(
      { route: "encoders/{encoderId}/status", methods: ["GET"] },
      { listenPath: "/pay/{id}/", methods: ["GET", "PUT"] },
      { listenPath: "/", methods: ["POST"] },
      { route: "gone", active: false },
    );
    expect(operationsOf(document)).toEqual([
      "post /: api-2.post",
      "get /api/custom/encoders/{encoderId}/status: api-0.get",
      "get /pay/{id}: api-1.get",
      "put /pay/{id}: api-1.put",
    ]);
    expect(document.paths["/pay/{id}"]?.["get"]?.parameters).toEqual([
      { name: "id", in: "path", required: true, schema: { type: "string" } },
    ]);
  });

  test("says where a token is read from, and where none is asked for", () => {
    const { paths, components } = documentOf(
      { route: "a", methods: ["GET"] },
      { route: "b", methods: ["GET"], authentication: { header: "x-key", queryParameter: "key" } },
      { route: "c", methods: ["GET"], keyless: true },
    );
    const security = ["a", "b", "c"].map((route) => paths[`/api/custom/${route}`]?.["get"]?.security);
    expect(security).toEqual([[{ token: [] }], [{ token2: [] }, { token3: [] }], []]);
    expect(components.securitySchemes).toEqual({
      token: { type: "http", scheme: "bearer" },
      token2: { type: "apiKey", in: "header", name: "x-key" },
      token3: { type: "apiKey", in: "query", name: "key" },
    });
  });

  test("has only the allowed paths where there are some, those without token, and answers given at once", () => {
    const { paths } = documentOf({
      listenPath: "/u/{id}",
      methods: ["GET", "POST"],
      paths: {
        ignored: [{ path: "/health", methods: { GET: { action: "none" } } }],
        allowed: [{ path: "/x/{id}" }, { path: "/off", disabled: true }],
        blocked: [{ path: "/no" }, { path: "/teapot", methods: { GET: { action: "reply", status: 418 } } }],
      },
    });
    expect(Object.keys(paths)).toEqual(["/u/{id}/health", "/u/{id}/teapot", "/u/{id}/x/{id2}"]);
    expect(Object.keys(paths["/u/{id}/health"] ?? {})).toEqual(["get"]);
    expect(paths["/u/{id}/health"]?.["get"]?.security).toEqual([]);
    expect(paths["/u/{id}/x/{id2}"]?.["post"]?.security).toEqual([{ token: [] }]);
    expect(Object.keys(paths["/u/{id}/teapot"]?.["get"]?.responses ?? {})).toEqual(["418", "4XX", "5XX"]);
  });

  test("names the versions where a request names them", () => {
    const entries = [{ name: "v1" }, { name: "v2" }];
    const { paths } = documentOf(
      { route: "a", methods: ["GET"], versions: { location: "query", key: "v", default: "v1", entries } },
      { route: "b", methods: ["GET"], versions: { location: "path", entries } },
    );
    const schema = { type: "string", enum: ["v1", "v2"] };
    expect(paths["/api/custom/a"]?.["get"]?.parameters).toEqual([
      { name: "v", in: "query", required: false, schema },
    ]);
    expect(paths["/api/custom/b/{version}"]?.["get"]?.parameters).toEqual([
      { name: "version", in: "path", required: true, schema },
    ]);
  });

  test("has one operation for a path and method, that of the exact definition", () => {
    const document = documentOf(
      { listenPath: "/a/{x}", match: "prefix", methods: ["GET", "PUT"] },
      { listenPath: "/a/{y}", match: "exact", methods: ["GET"] },
    );
    expect(operationsOf(document)).toEqual(["get /a/{y}: api-1.get", "put /a/{y}: api-0.put"]);
    expect(document.paths["/a/{y}"]?.["put"]?.parameters).toMatchObject([{ name: "y" }]);
  });

  test("is sound for any definitions", () => {
    fc.assert(
      fc.property(fc.array(definitionSpec, { maxLength: 4 }), (specs) => {
        const document = documentOf(...specs);
        const operations = Object.values(document.paths).flatMap((item) => Object.values(item));
        const ids = operations.map(({ operationId }) => operationId);
        expect(new Set(ids).size).toBe(ids.length);
        const shapes = Object.keys(document.paths).map((path) => path.replaceAll(/\{[^{}]*\}/g, "{}"));
        expect(new Set(shapes).size).toBe(shapes.length);
        for (const [path, item] of Object.entries(document.paths))
          for (const { parameters, security, responses } of Object.values(item)) {
            const names = [...path.matchAll(/\{([^{}]+)\}/g)].map(([, name]) => name);
            expect(parameters.filter(({ in: place }) => place === "path").map(({ name }) => name)).toEqual(
              names,
            );
            expect(new Set(names).size).toBe(names.length);
            expect(Object.keys(responses).length).toBeGreaterThan(1);
            for (const name of security.flatMap((need) => Object.keys(need)))
              expect(document.components.securitySchemes).toHaveProperty(name);
          }
      }),
      { numRuns: 100 },
    );
  });

  test("is valid for any definitions", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(definitionSpec, { minLength: 5, maxLength: 40 }), async (specs) => {
        const validator = new Validator();
        const { valid, errors } = await validator.validate({ ...documentOf(...specs) });
        expect(valid ? [] : errors).toEqual([]);
        validator.resolveRefs();
      }),
      { numRuns: 15 },
    );
    // Each run compiles the schema of OpenAPI anew.
  }, 120_000);
});
