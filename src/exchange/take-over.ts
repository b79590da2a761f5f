import { pointerTo } from "../manifest/pointer.ts";
import { type DashboardProblem, readableField } from "./fields.ts";
import type { GitwayMember } from "./gitway-member.ts";
import { isObject, jsonType, type JsonObject } from "./json-object.ts";
import { keptSecrets } from "./kept-secrets.ts";
import { nativeProblems } from "./native-problems.ts";
import {
  bothSides,
  type ExchangedKind,
  meaningOf,
  type Notation,
  type Said,
  withDefaults,
} from "./notation.ts";
import { reconcile, refined, wholeFields } from "./refine.ts";
import { unstorable } from "./unstorable.ts";

/** A request whose form is right. */
export interface Request<K extends ExchangedKind> {
  readonly notation: Notation<K>;
  /** In the notation, complete. */
  readonly given: JsonObject;
  readonly gitway: GitwayMember;
  /** The spec so far, and what the notation said of it; null for a new object. */
  readonly previous: SpecSides<K> | null;
  readonly routeBase: string;
  /** What follows from what the notation says now, once the sides were brought together. */
  readonly settle?: (spec: JsonObject, said: Said<K>) => JsonObject;
}

/** A spec, and what the notation says of it. */
export interface SpecSides<K extends ExchangedKind> {
  readonly value: Said<K>;
  readonly notation: Said<K>;
}

/** The spec that a request asks for, or all that is wrong with it. */
export type Taken<K extends ExchangedKind> =
  | { readonly spec: Said<K>; readonly problems: readonly [] }
  | {
      readonly spec: null;
      readonly problems: readonly DashboardProblem[];
      /** What could be read of it all the same. Nothing about its fields is certain. */
      readonly draft: JsonObject;
    };

/** What holds the place of what only the other side says. */
const placeholders = { ApiDefinition: { action: { reply: {} } }, Webhook: {} } as const;

/** Brings together what a request says in the notation, what `gitway` adds to it, and what was there. */
export function takeOver<K extends ExchangedKind>(request: Request<K>): Taken<K> {
  const { notation, given, gitway, settle = (spec) => spec } = request;
  const { kind } = notation;
  const { said, problems: flaws } = meaningOf(notation, given);
  const problems = [...gitway.problems, ...flaws, ...keptSecrets(said.dashboard)];
  const whole = refined(withoutRivals({ ...said }, gitway.spec), gitway.spec, wholeFields);
  const wrong = ruleProblems(request, { ...placeholders[kind], ...whole });
  if (wrong.length > 0) return { spec: null, problems: together(problems, wrong), draft: whole };
  const complete = withDefaults(kind, whole as Said<K>);
  const refinedNotation = bothSides(notation, complete).meaning.said;
  // What is not said at all in a new object contradicts nothing.
  const previous = request.previous ?? silence(notation);
  const sides = { notation: said, refinement: gitway.spec, refinedNotation, previous };
  const settled = reconcile(sides, (path) => problems.push(contradiction(path)), wholeFields);
  const spec = settle(settled as JsonObject, said);
  const rest = ruleProblems(request, spec);
  if (problems.length + rest.length > 0)
    return { spec: null, problems: together(problems, rest), draft: spec };
  return { spec: withDefaults(kind, spec as Said<K>), problems: [] };
}

function silence<K extends ExchangedKind>(notation: Notation<K>): SpecSides<K> {
  const { said } = meaningOf(notation, {});
  return { value: said, notation: said };
}

/** What the notation says, without what can't be together with a refinement: the other address, another action. */
function withoutRivals({ action, ...said }: JsonObject, refinement: JsonObject): JsonObject {
  const { route, listenPath, action: refined } = refinement;
  const gone = typeof route === "string" ? "listenPath" : typeof listenPath === "string" ? "route" : null;
  const rest = Object.fromEntries(Object.entries(said).filter(([name]) => name !== gone));
  const kinds = isObject(refined) ? Object.keys(refined) : [];
  const isOther = isObject(action) && kinds.some((kind) => !Object.hasOwn(action, kind));
  return action === undefined || isOther ? rest : { ...rest, action };
}

function ruleProblems<K extends ExchangedKind>(request: Request<K>, spec: JsonObject): DashboardProblem[] {
  const { notation, given, gitway, routeBase } = request;
  return nativeProblems(notation.kind, { metadata: { ...gitway.metadata }, spec, given, routeBase });
}

/** How many problems of one request are told. */
const mostProblems = 200;

/** One problem for each field: a value that is missing or of the wrong type isn't also too short. */
function together(
  problems: readonly DashboardProblem[],
  more: readonly DashboardProblem[],
): readonly DashboardProblem[] {
  const fields = problems.map(({ field }) => field);
  const others = more.filter(
    ({ field }) => !fields.some((known) => field === known || field.startsWith(`${known}.`)),
  );
  return [...problems, ...others].slice(0, mostProblems);
}

function contradiction(path: string): DashboardProblem {
  const field = readableField(`/gitway${path}`);
  const message = `${field}: contradicts the fields beside gitway: change one of the two`;
  return { field, code: "contradiction", message };
}

/** What is wrong with the form of a request whose fields of these names must be objects. */
export function formProblems(request: unknown, names: readonly string[]): readonly DashboardProblem[] {
  if (!isObject(request)) return [wrongType("", request)];
  const unusable = unstorable(request);
  if (unusable.length > 0) return unusable;
  return names.flatMap((name) => {
    const value = request[name] ?? null;
    return value === null || isObject(value) ? [] : [wrongType(pointerTo("", name), value)];
  });
}

function wrongType(pointer: string, value: unknown): DashboardProblem {
  const field = readableField(pointer);
  const message = `${field}: Invalid type. Expected: object, given: ${jsonType(value)}`;
  return { field, code: "invalid-type", message };
}
