import { definitionToDashboard } from "../../exchange/definition-to-dashboard.ts";
import { type JsonObject, objectAt } from "../../exchange/json-object.ts";
import { definitionsToOpenApi } from "../../exchange/served-openapi.ts";
import { refuse } from "../answers.ts";
import type { Catalogue, CatalogueEntry } from "../catalogue.ts";
import { access, type ApiContext, type ApiRoute } from "./api-route.ts";
import { listDefinitions, missingFilter } from "./definition-list.ts";
import { answerTagged } from "./entity-tag.ts";
import { pageParameter } from "./page.ts";

/** What the operations on definitions work on. */
export interface DefinitionParts {
  readonly catalogue: () => Promise<Catalogue>;
  readonly orgId: string;
  /** The path below which routes are served. */
  readonly routeBase: string;
}

const listParameters = {
  p: pageParameter,
  q: "What the name holds, in any case.",
  sort: "name, created_at or updated_at, turned round by a minus; newest first when absent.",
  category: "Categories, parted by commas: definitions that have one of them.",
};

/** Definitions in the shapes of the Dashboard API: list, search, get. */
export function definitionRoutes(parts: DefinitionParts): ApiRoute[] {
  const list = (context: ApiContext) => answerList(context, parts);
  return [
    {
      method: "GET",
      path: "/apis",
      access: access.readDefinitions,
      summary: "List the definitions.",
      query: listParameters,
      answer: "Definitions",
      handle: list,
    },
    {
      method: "GET",
      path: "/apis/search",
      access: access.readDefinitions,
      summary: "Search definitions by name.",
      query: listParameters,
      answer: "Definitions",
      handle: list,
    },
    {
      method: "GET",
      path: "/apis/count",
      access: access.readDefinitions,
      summary: "Count the definitions.",
      answer: "Count",
      handle: async (context) => context.json({ count: (await parts.catalogue()).definitions.length }),
    },
    {
      method: "GET",
      path: "/apis/openapi.json",
      access: access.readDefinitions,
      summary: "The OpenAPI document of the served routes.",
      answer: "OpenApi",
      handle: async (context) => {
        const { definitions, revision } = await parts.catalogue();
        const objects = definitions.map(({ object }) => object);
        const server = "/";
        const version = String(revision);
        return context.json(definitionsToOpenApi(objects, { routeBase: parts.routeBase, server, version }));
      },
    },
    {
      method: "GET",
      path: "/apis/:id",
      access: access.readDefinitions,
      summary: "Get a definition by its internal or public id.",
      answer: "Definition",
      hasTag: true,
      handle: async (context) => {
        const catalogue = await parts.catalogue();
        const entry = catalogue.find(context.req.param("id") ?? "");
        // A 400, as the API has it (Dashboard facts 1.2).
        if (!entry) return refuse(context, 400, "Could not retrieve API detail");
        return answerTagged(context, wrapperOf(entry, catalogue, parts), entry.object.hash);
      },
    },
  ];
}

async function answerList(context: ApiContext, parts: DefinitionParts): Promise<Response> {
  const query = context.req.query();
  const missing = missingFilter(query);
  if (missing !== null) return refuse(context, 400, missing);
  const catalogue = await parts.catalogue();
  const { entries, pages } = listDefinitions(catalogue, query);
  const apis = entries.map((entry) => asListed(wrapperOf(entry, catalogue, parts)));
  return context.json({ apis, pages });
}

/** A list says null where there is no middleware, and a single definition an empty list, as the API has it. */
function asListed(wrapper: JsonObject): JsonObject {
  const definition = objectAt(wrapper, "api_definition");
  const { pre, post, ...others } = objectAt(definition, "custom_middleware");
  const custom_middleware = { pre: nullWhenEmpty(pre), post: nullWhenEmpty(post), ...others };
  return { ...wrapper, api_definition: { ...definition, custom_middleware } };
}

function nullWhenEmpty(list: unknown): unknown {
  return Array.isArray(list) && list.length === 0 ? null : list;
}

/** A definition as the Dashboard API prints it, with when it was created and changed. */
export function wrapperOf(
  { object, stamps }: CatalogueEntry,
  { book }: Catalogue,
  { orgId, routeBase }: Pick<DefinitionParts, "orgId" | "routeBase">,
): JsonObject {
  const wrapper = definitionToDashboard(object, { orgId, routeBase, webhooks: book });
  if (!stamps) return wrapper;
  const { createdAt, createdBy, updatedAt, updatedBy } = stamps;
  return {
    ...wrapper,
    gitway: { ...objectAt(wrapper, "gitway"), createdBy, updatedBy },
    created_at: createdAt,
    updated_at: updatedAt,
  };
}
