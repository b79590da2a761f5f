import type { ApiDefinitionSpec } from "../manifest/api-definition.generated.ts";

interface UnhonouredSetting {
  readonly setting: string;
  readonly used: (spec: ApiDefinitionSpec) => boolean;
}

/** Settings of a definition that the endpoint does not act on yet. Acting on one deletes its row. */
const definitionSettings: readonly UnhonouredSetting[] = [
  { setting: "events", used: (spec) => isFilled(spec.events) },
];

/** The settings of a definition that have no effect yet. */
export function unhonouredInDefinition(spec: ApiDefinitionSpec): readonly UnhonouredSetting[] {
  return definitionSettings.filter((row) => row.used(spec));
}

function isFilled(list: readonly unknown[] | undefined): boolean {
  return list !== undefined && list.length > 0;
}
