import type { ApiDefinitionSpec } from "../manifest/api-definition.generated.ts";
import type { ApiTokenSpec } from "../manifest/api-token.generated.ts";

interface UnhonouredSetting<Spec> {
  readonly setting: string;
  readonly used: (spec: Spec) => boolean;
  /** `refuse` where leaving the setting out would let in what it keeps out; `warn` otherwise. */
  readonly effect: "refuse" | "warn";
}

/** Settings of a definition that the endpoint does not act on yet. Acting on one deletes its row. */
const definitionSettings: readonly UnhonouredSetting<ApiDefinitionSpec>[] = [
  { setting: "middleware.pre", used: (spec) => isFilled(spec.middleware?.pre), effect: "refuse" },
  { setting: "middleware.post", used: (spec) => isFilled(spec.middleware?.post), effect: "refuse" },
  { setting: "rateLimit", used: (spec) => spec.rateLimit !== undefined, effect: "warn" },
  { setting: "events", used: (spec) => isFilled(spec.events), effect: "warn" },
  { setting: "batch", used: (spec) => spec.batch?.enabled === true, effect: "warn" },
];

/** The same for tokens. */
const tokenSettings: readonly UnhonouredSetting<ApiTokenSpec>[] = [
  { setting: "rateLimit", used: (spec) => spec.rateLimit !== undefined, effect: "warn" },
  { setting: "quota", used: (spec) => spec.quota !== undefined, effect: "warn" },
];

/** The settings of a definition that have no effect yet. One to `refuse` closes the whole API. */
export function unhonouredInDefinition(spec: ApiDefinitionSpec): readonly UnhonouredSetting<never>[] {
  return definitionSettings.filter((row) => row.used(spec));
}

/** The settings of a token that have no effect yet. */
export function unhonouredInToken(spec: ApiTokenSpec): readonly UnhonouredSetting<never>[] {
  return tokenSettings.filter((row) => row.used(spec));
}

function isFilled(list: readonly unknown[] | undefined): boolean {
  return list !== undefined && list.length > 0;
}
