import { endpointErrors, type EndpointErrorCode } from "../../endpoint/endpoint-error.ts";
import type { Explanation, RuleStep, TokenState } from "../../endpoint/explain/explanation.ts";
import type { ServingState, StoredDefinition, StoredToken } from "../../store/serving/serving-store.ts";
import { talk } from "../output/output.ts";
import { type DefinitionOrigin, stepLines, waitingLines } from "./definition-origin.ts";

/** An explanation with what the store adds to it. */
export interface CallExplanation {
  readonly explanation: Explanation;
  readonly state: ServingState;
  readonly origin: DefinitionOrigin;
  /** With which the running endpoint refused the request; null when it served it, or was not asked. */
  readonly refusedWith: EndpointErrorCode | null;
  /** What else there is to say, in sentences. */
  readonly notes: readonly string[];
}

const tokenWords: Readonly<Record<TokenState, string>> = {
  accepted: "accepted",
  "not needed": "not needed here",
  missing: "none came",
  unknown: "unknown",
  disabled: "disabled",
  expired: "expired",
  "not allowed": "not among those of the definition",
};

/** Tells people how a request is decided, and why. */
export function showExplanation(explained: CallExplanation): void {
  const { explanation, origin, refusedWith, notes } = explained;
  const { decision } = explanation;
  talk(headline(explained), decision.isServed && refusedWith === null ? "bold" : "warning");
  for (const sentence of [...decision.why, ...notes]) talk(`  ${sentence}`);
  for (const line of placeLines(explained)) talk(`  ${line}`);
  for (const entry of origin.waiting) for (const line of waitingLines(entry)) talk(`  ${line}`, "warning");
}

/** The same as a value for JSON. */
export function explanationAsJson(explained: CallExplanation): object {
  const { explanation, origin, notes } = explained;
  const definition = definitionOf(explained);
  const token = tokenOf(explained);
  return {
    ...explanation,
    definition: definition && {
      name: definition.name,
      id: definition.id,
      isActive: explanation.isActive,
      path: definition.path,
      line: definition.line,
      commit: definition.commit || null,
      author: origin.step?.event.actor ?? null,
    },
    isActive: undefined,
    token: { ...explanation.token, path: token?.path ?? null, line: token?.line ?? null },
    notes,
    quarantined: origin.waiting,
  };
}

function headline({ explanation, refusedWith }: CallExplanation): string {
  const { request, definition, decision, action } = explanation;
  const asked = `${request.method} ${request.url.split("?", 1)[0]}`;
  if (!decision.isServed) {
    const rule = decision.rule === null ? "" : ` by the rule '${decision.rule}'`;
    return `${asked} is refused${rule}: ${decision.status} ${decision.name} (${decision.code}).`;
  }
  if (refusedWith !== null) {
    const { name, status } = endpointErrors[refusedWith];
    return `${asked} is refused by the endpoint: ${status} ${name} (${refusedWith}).`;
  }
  if (!action) return `${asked} is answered by the rule '${decision.rule}' of ApiDefinition '${definition}'.`;
  return `${asked} is served by the ${action.kind} of ApiDefinition '${definition}'.`;
}

function placeLines(explained: CallExplanation): string[] {
  const { explanation, origin } = explained;
  const { version, parameters, path, action, rules } = explanation;
  const definition = definitionOf(explained);
  const values = Object.entries(parameters).map(([name, value]) => `${name}=${value}`);
  return [
    ...(definition ? [row("definition", `${definition.name}  ${placeOf(definition)}`)] : []),
    ...(origin.step ? stepLines(origin.step) : []),
    ...(version === null ? [] : [row("version", version)]),
    ...(values.length > 0 ? [row("parameters", values.join(", "))] : []),
    ...(path && path.kind !== "open" ? [row("path", pathText(path))] : []),
    row("token", tokenText(explained)),
    ...ruleLines(rules),
    ...(action ? [row("action", actionText(explained))] : []),
  ];
}

function ruleLines(rules: readonly RuleStep[]): string[] {
  const outcomes = ["passed", "not counted", "changed", "answered", "refused"] as const;
  return outcomes.flatMap((outcome) => {
    const names = rules.filter((step) => step.outcome === outcome).map(({ rule }) => rule);
    return names.length === 0 ? [] : [row(outcome, names.join(", "))];
  });
}

function pathText({ kind, entry }: NonNullable<Explanation["path"]>): string {
  return entry === null ? kind : `${kind}, by the entry '${entry}'`;
}

function tokenText(explained: CallExplanation): string {
  const { name, state } = explained.explanation.token;
  const token = tokenOf(explained);
  return [...(name === null ? [] : [name]), ...(token ? [placeOf(token)] : []), tokenWords[state]].join("  ");
}

function actionText(explained: CallExplanation): string {
  const { action } = explained.explanation;
  if (!action) return "";
  const file = definitionOf(explained)?.spec.action.script?.file;
  const what = action.upstream ?? (action.kind === "script" ? file : null) ?? "";
  return [action.kind, what, ...(action.isRun ? [] : ["not run here"])]
    .filter((part) => part !== "")
    .join("  ");
}

function definitionOf({ explanation, state }: CallExplanation): StoredDefinition | null {
  return state.definitions.find(({ name }) => name === explanation.definition) ?? null;
}

function tokenOf({ explanation, state }: CallExplanation): StoredToken | null {
  return state.tokens.find(({ name }) => name === explanation.token.name) ?? null;
}

function placeOf({ path, line, commit }: StoredDefinition | StoredToken): string {
  return `${path}:${line}${commit === "" ? "" : `  ${commit.slice(0, 7)}`}`;
}

function row(name: string, text: string): string {
  return `${name.padEnd(11)} ${text}`;
}
