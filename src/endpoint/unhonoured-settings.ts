import type { ApiDefinitionSpec } from "../manifest/api-definition.generated.ts";
import type { ApiTokenSpec } from "../manifest/api-token.generated.ts";

interface UnhonouredSetting<Spec> {
  readonly setting: string;
  readonly used: (spec: Spec) => boolean;
}

/** Settings of a definition that the endpoint does not act on yet. Acting on one deletes its row. */
const definitionSettings: readonly UnhonouredSetting<ApiDefinitionSpec>[] = [
  { setting: "rateLimit", used: (spec) => spec.rateLimit !== undefined },
  { setting: "events", used: (spec) => isFilled(spec.events) },
  { setting: "batch", used: (spec) => spec.batch?.enabled === true },
];

/** The same for tokens. */
const tokenSettings: readonly UnhonouredSetting<ApiTokenSpec>[] = [
  { setting: "rateLimit", used: (spec) => spec.rateLimit !== undefined },
  { setting: "quota", used: (spec) => spec.quota !== undefined },
];

/** The settings of a definition that have no effect yet. */
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
