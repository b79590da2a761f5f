import { messageOf } from "../../errors.ts";
import type { ApiDefinitionSpec } from "../../manifest/api-definition.generated.ts";
import type { Refusal } from "../endpoint-error.ts";

/** An action that can't be carried out: a newer version wrote the definition, or the store holds what none wrote. */
export interface UnfitAction {
  readonly kind: "unfit";
  readonly refusal: Refusal;
}

const kinds: ReadonlySet<string> = new Set(["proxy", "reply", "script"]);
const inputs: ReadonlySet<string> = new Set(["raw", "parameters", "run"]);

/** Prepares an action, or says why it can't be. A definition like that must not keep all others from being served. */
export function fitAction<T>(action: ApiDefinitionSpec["action"], prepare: () => T): T | UnfitAction {
  const [kind = "", ...others] = Object.keys(action);
  if (!kinds.has(kind) || others.length > 0)
    return unfit(11, `its action is ${JSON.stringify(Object.keys(action))}`);
  const { script } = action;
  const said: unknown = Object.values(action)[0];
  if (typeof said !== "object" || said === null) return unfit(9, `its ${kind} is no mapping of fields`);
  if (script?.input !== undefined && !inputs.has(script.input))
    return unfit(9, `its script takes ${JSON.stringify(script.input)}`);
  try {
    return prepare();
  } catch (error) {
    return unfit(9, `its action can't be read: ${messageOf(error)}`);
  }
}

function unfit(code: 9 | 11, what: string): UnfitAction {
  const reason = `${what}, which this version of Gitway does not know how to serve`;
  return { kind: "unfit", refusal: { code, reason: reason.slice(0, 300) } };
}
