import type { StoredObject } from "../../plan/plan.ts";

type Definition = Extract<StoredObject, { kind: "ApiDefinition" }>;
type Token = Extract<StoredObject, { kind: "ApiToken" }>;

/** What the commands to try next are made from. */
export interface NextStepsInput {
  readonly definitions: readonly Definition[];
  readonly tokens: readonly Token[];
  /** `http://127.0.0.1:8080` */
  readonly endpointUrl: string;
  /** `/api/custom` */
  readonly base: string;
  /** Flags that a second command needs to find the same store: ` --data-dir x`, or nothing. */
  readonly flags: string;
}

interface Candidate {
  readonly definition: Definition;
  /** Null when everybody is let in. */
  readonly token: Token | null;
  readonly cost: number;
}

/**
 * The commands that call a real route: issue a token, then a GET with it. Empty when no definition can be
 * called that way. Simple ones are preferred: a reply or a script, without placeholders.
 */
export function nextSteps(input: NextStepsInput): string[] {
  const [best] = input.definitions
    .flatMap((definition) => candidateOf(definition, input.tokens))
    .toSorted((a, b) => a.cost - b.cost || (a.definition.name < b.definition.name ? -1 : 1));
  if (best === undefined) return [];
  const url = quoted(urlOf(best.definition, input));
  if (best.token === null) return [`curl ${url}`];
  const header = best.definition.spec.authentication?.header ?? "Authorization";
  const scheme = header.toLowerCase() === "authorization" ? "Bearer " : "";
  return [
    `TOKEN=$(npx gitway token issue ${best.token.name}${input.flags})`,
    `curl -H "${header}: ${scheme}$TOKEN" ${url}`,
  ];
}

function candidateOf(definition: Definition, tokens: readonly Token[]): Candidate[] {
  const { spec } = definition;
  const getIsLetIn = spec.methods?.includes("GET") ?? true;
  if (spec.active === false || !getIsLetIn || spec.domain !== undefined) return [];
  if (spec.ipAllowList?.enabled === true || spec.versions !== undefined) return [];
  const issued = tokens.filter(
    (token) => token.spec.secret.generate === true && token.spec.disabled !== true,
  );
  const token = issued.find((token) => spec.tokens?.includes(token.name)) ?? null;
  if (token === null && spec.keyless !== true) return [];
  return [{ definition, token: spec.keyless === true ? null : token, cost: costOf(definition) }];
}

/** The more somebody has to know to call it, the dearer. */
function costOf({ spec }: Definition): number {
  const placeholders = (spec.route ?? "").split("{").length - 1;
  return (
    placeholders +
    (spec.action.proxy ? 100 : 0) +
    (spec.action.script?.input === "parameters" || spec.action.script?.input === "run" ? 50 : 0) +
    // A route with a token shows more than one without.
    (spec.keyless === true ? 20 : 0)
  );
}

function urlOf({ spec }: Definition, { endpointUrl, base }: NextStepsInput): string {
  const path = spec.route === undefined ? (spec.listenPath ?? "/") : `${base}/${spec.route}`;
  const filled = path.replace(/\{[^}]*\}/g, "1");
  return `${endpointUrl}${filled.split("/").map(encodeSegment).join("/")}`;
}

/** Text that is encoded already stays so. */
function encodeSegment(segment: string): string {
  return encodeURIComponent(segment).replace(/%25(?=[0-9A-Fa-f]{2})/g, "%");
}

/** For a shell, when it needs to be. */
function quoted(text: string): string {
  return /^[A-Za-z0-9:/._~%@-]*$/.test(text) ? text : `'${text.replaceAll("'", "%27")}'`;
}
