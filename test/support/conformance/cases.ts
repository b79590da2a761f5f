import { readFileSync } from "node:fs";

/** One fact about the classic gateway. What it holds depends on the kind of its suite. */
export type GatewayCase = Readonly<Record<string, unknown>>;

/** Facts about one thing, with the definition that they are about. */
export interface Suite {
  readonly id: string;
  readonly kind: string;
  readonly fn?: string;
  readonly api?: Readonly<Record<string, unknown>>;
  readonly apis?: readonly Readonly<Record<string, unknown>>[];
  readonly gateway?: Readonly<Record<string, unknown>>;
  readonly other_apis?: readonly Readonly<Record<string, unknown>>[];
  readonly cases: readonly GatewayCase[];
  /** Proxies in front whose word about the client is taken. */
  readonly trusted?: readonly string[];
}

/** What Gitway does in the situation of a fact, and whether the fact says the same. */
export interface Observed {
  readonly holds: boolean;
  readonly found: unknown;
}

/** How Gitway stands to a fact: `agree`, `differ: reason` or `not applicable: reason`. */
export interface Judged {
  readonly id: string;
  readonly suite: Suite;
  readonly fact: GatewayCase;
  readonly stand: "agree" | "differ" | "not applicable";
  readonly reason: string | null;
  /** The field that a reason is about, if it is about one. */
  readonly field: string | null;
  /** What Gitway does instead, where it differs; undefined where nobody wrote it down. */
  readonly instead: unknown;
}

const folder = new URL("../../conformance/", import.meta.url);
const facts = read("gateway-cases.json") as {
  readonly meta: { readonly defaults: { readonly api: Record<string, unknown> } };
  readonly suites: readonly Suite[];
};
const verdicts = read("verdicts.json") as {
  readonly reasons: Record<string, string>;
  readonly verdicts: Record<string, string | string[]>;
  readonly instead: Record<string, unknown>;
  readonly valid: Record<string, { readonly api: object; readonly trusted: readonly string[] }>;
};

/** The closed list of reasons to differ. */
export const reasons: ReadonlySet<string> = new Set(Object.keys(verdicts.reasons));

/** All facts with how Gitway stands to them. */
export const judgedCases: readonly Judged[] = facts.suites.flatMap((suite) =>
  suite.cases.map((fact, index) => {
    const verdict = [verdicts.verdicts[suite.id] ?? []].flat();
    const [stand, reason = null, field = null] =
      (verdict.length === 1 ? verdict[0] : verdict[index])?.split(": ") ?? [];
    const id = `${suite.id}[${index}]`;
    const instead = verdicts.instead[id];
    return { id, suite, fact, stand: stand as Judged["stand"], reason, field, instead };
  }),
);

/** The ids of the facts for which it is written down what Gitway does instead. */
export const explained: readonly string[] = Object.keys(verdicts.instead);

/** Suites whose definition is refused for a part of it, without that part and behind trusted proxies. */
export const validParts: readonly Suite[] = facts.suites.flatMap((suite) => {
  const valid = verdicts.valid[suite.id];
  return valid ? [{ ...suite, api: { ...suite.api, ...valid.api }, trusted: valid.trusted }] : [];
});

/** A definition of a suite with the defaults of all suites under it. */
export function withSuiteDefaults(api: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return merged(facts.meta.defaults.api, api);
}

/** Versions are a suite's own; everything else is laid over the defaults field by field. */
function merged(under: Readonly<Record<string, unknown>>, over: Readonly<Record<string, unknown>>) {
  const result: Record<string, unknown> = { ...under };
  for (const [name, value] of Object.entries(over)) {
    const below = result[name];
    result[name] = name !== "versions" && isObject(value) && isObject(below) ? merged(below, value) : value;
  }
  return result;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function read(name: string): unknown {
  return JSON.parse(readFileSync(new URL(name, folder), "utf8"));
}
