import { pointerTo } from "../manifest/pointer.ts";
import { isObject, type JsonObject, objectAt, ownField } from "./json-object.ts";

/** Where something of a dump is written. */
export interface DumpPlace {
  readonly file: string;
  /** JSON pointer into the file. */
  readonly pointer: string;
}

/** A definition or a webhook of a dump, as it was printed. */
export interface DumpItem extends DumpPlace {
  readonly kind: "ApiDefinition" | "Webhook";
  readonly json: JsonObject;
  /** Whether a definition comes without the wrapper that the Dashboard API prints around it. */
  readonly isBare: boolean;
  /** The name for people; null when it has none. */
  readonly title: string | null;
}

/** What is wrong with a dump, and where. */
export interface DumpProblem extends DumpPlace {
  readonly code: string;
  /** The name of the API or webhook; null when it is not known. */
  readonly title: string | null;
  readonly message: string;
}

/** All that a file of a dump says. */
export interface Dump {
  readonly items: readonly DumpItem[];
  readonly problems: readonly DumpProblem[];
}

/**
 * Tells what a JSON file of a dump holds: the lists that `GET /api/apis` and `GET /api/hooks` print, also in
 * one object; a list of definitions, with or without their wrappers; or one of them.
 */
export function readDump(json: unknown, file: string): Dump {
  const places = isObject(json) && isEnvelope(json) ? envelopePlaces(json) : placesOf(json, "");
  const items: DumpItem[] = [];
  const problems: DumpProblem[] = [];
  for (const { value, pointer } of places) {
    const item = itemOf(value, { file, pointer });
    if ("message" in item) problems.push(item);
    else items.push(item);
    if (problems.length >= mostProblems) break;
  }
  return { items, problems };
}

/** How many problems of a dump are told before the rest is not looked at. */
export const mostProblems = 1000;

interface Placed {
  readonly value: unknown;
  readonly pointer: string;
}

function isEnvelope(json: JsonObject): boolean {
  return Object.hasOwn(json, "apis") || (Object.hasOwn(json, "hooks") && !isDefinition(json));
}

function envelopePlaces(json: JsonObject): Placed[] {
  const { apis = [], hooks = [] } = json;
  // What `GET /api/hooks` answers, put into the same file as it came.
  const nested = isObject(hooks) ? placesOf(ownField(hooks, "hooks"), "/hooks/hooks") : null;
  return [...placesOf(apis ?? [], "/apis"), ...(nested ?? placesOf(hooks ?? [], "/hooks"))];
}

function placesOf(value: unknown, pointer: string): Placed[] {
  if (!Array.isArray(value)) return [{ value, pointer }];
  return value.map((item: unknown, index) => ({ value: item, pointer: pointerTo(pointer, index) }));
}

const definitionFields = ["proxy", "version_data", "api_id", "use_keyless"];

function isDefinition(json: JsonObject): boolean {
  return definitionFields.some((name) => Object.hasOwn(json, name));
}

function itemOf(value: unknown, place: DumpPlace): DumpItem | DumpProblem {
  const problem = (code: string, message: string, title: string | null = null): DumpProblem => ({
    ...place,
    code,
    title,
    message,
  });
  if (!isObject(value))
    return problem("no-definition", "This is no API definition: a JSON object is expected.");
  if (Object.hasOwn(value, "openapi"))
    return problem("openapi-definition", openApi, titleIn(value, "info", "title"));
  const isBare = !Object.hasOwn(value, "api_definition");
  if (isBare && Object.hasOwn(value, "target_path"))
    return { ...place, kind: "Webhook", json: value, isBare, title: titleIn(value, "name") };
  if (isBare && !isDefinition(value))
    return problem(
      "no-definition",
      "This is no API definition: it has neither 'api_definition' nor 'proxy'.",
    );
  const definition = isBare ? value : objectAt(value, "api_definition");
  const title = titleIn(definition, "name");
  if (ownField(definition, "is_oas") === true) return problem("openapi-definition", openApi, title);
  return { ...place, kind: "ApiDefinition", json: value, isBare, title };
}

const openApi =
  "This is an OpenAPI definition, whose rules a classic definition can't hold in full: take it out, and write its manifest by hand.";

function titleIn(value: JsonObject, ...way: readonly string[]): string | null {
  const title = ownField(objectAt(value, ...way.slice(0, -1)), way.at(-1) ?? "");
  return typeof title === "string" && title !== "" ? title : null;
}
