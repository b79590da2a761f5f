import { derivedIds } from "../manifest/dashboard-ids.ts";
import { valueAt } from "../manifest/pointer.ts";
import { type DefinitionObject, definitionNotation } from "./definition-notation.ts";
import { writeMetadata } from "./gitway-member.ts";
import { isObject, type JsonObject } from "./json-object.ts";
import { bothSides, type Said } from "./notation.ts";
import { refinement, wholeFields } from "./refine.ts";
import type { WebhookBook } from "./webhook-book.ts";
import { fieldsWithoutEffect } from "./without-effect.ts";

/** What the Dashboard API must know to print definitions. */
export interface DashboardContext {
  readonly orgId: string;
  /** The path below which routes are served. */
  readonly routeBase: string;
  readonly webhooks: WebhookBook;
}

/**
 * A definition as the Dashboard API prints it: `api_model`, `api_definition`, `hook_references`, and in
 * `gitway` what that notation has no words for.
 */
export function definitionToDashboard(object: DefinitionObject, context: DashboardContext): JsonObject {
  const { definition, said, withoutEffect } = definitionSides(object, context);
  const { wrapper, ...apiDefinition } = definition;
  return {
    ...wrapperAround(apiDefinition, isObject(wrapper) ? wrapper : {}),
    gitway: gitwayMember(object, said, withoutEffect),
  };
}

function wrapperAround(apiDefinition: JsonObject, wrapper: JsonObject): JsonObject {
  const { api_model, hook_references, ...others } = wrapper;
  return { api_model, api_definition: apiDefinition, hook_references, ...others };
}

/** What lists are filtered by, in what is kept of the notation. */
const categoriesAt = "/wrapper/categories";

/**
 * The categories of a definition: those in its wrapper, and those that older Dashboards have in the name:
 * `Payments #finance #eu` (Dashboard facts 1.4).
 */
export function categoriesOf({ title = "", dashboard }: DefinitionObject["spec"]): readonly string[] {
  const listed = valueAt(dashboard, categoriesAt);
  const inName = [...title.matchAll(/(?<=\s)#(\S+)/g)].map(([, category = ""]) => category);
  return [
    ...(Array.isArray(listed) ? listed.filter((category) => typeof category === "string") : []),
    ...inName,
  ];
}

/** A definition in the notation. */
export interface DefinitionSides {
  /** The `api_definition`, with the rest of the wrapper in a field `wrapper`. */
  readonly definition: JsonObject;
  /** What that alone says of the spec. */
  readonly said: Said<"ApiDefinition">;
  /** The fields that are kept as given and have no effect. */
  readonly withoutEffect: readonly string[];
}

/** How a definition is shown, and what that alone says of it. */
export function definitionSides(object: DefinitionObject, context: DashboardContext): DefinitionSides {
  const notation = definitionNotation({
    ...context,
    name: object.name,
    ids: derivedIds(object.id),
    embedded: new Set(),
    strict: true,
  });
  const { shown, meaning } = bothSides(notation, object.spec);
  const taken = new Set([...meaning.taken, categoriesAt]);
  const withoutEffect = fieldsWithoutEffect(object.spec.dashboard, taken);
  return { definition: shown, said: meaning.said, withoutEffect };
}

/** What clients set here most is there even when the notation implies it. */
function gitwayMember(
  object: DefinitionObject,
  said: Said<"ApiDefinition">,
  ineffective: readonly string[],
): JsonObject {
  const { spec } = object;
  return {
    ...writeMetadata("ApiDefinition", object),
    ...(spec.route === undefined ? {} : { route: spec.route }),
    tokens: spec.tokens ?? [],
    ...refinement({ ...spec }, { ...said }, wholeFields),
    ...(ineffective.length === 0 ? {} : { withoutEffect: ineffective }),
  };
}
