import type { Call } from "../call.ts";
import type { Refusal } from "../endpoint-error.ts";
import { commonMethods } from "../http/common-methods.ts";
import type { ServedDefinition } from "../table/served-definition.ts";

/** Lets in the methods that the definition takes. TRACE never: it hands headers back. */
export function methodIsTaken({ definition, request }: Call): Refusal | null {
  if (takesMethod(definition, request.method ?? "")) return null;
  return { code: 3, headers: { allow: methodsOf(definition).join(", ") } };
}

/** Whether a definition takes a method, upper case. */
export function takesMethod({ methods }: Pick<ServedDefinition, "methods">, method: string): boolean {
  return methods ? methods.includes(method) : method !== "TRACE";
}

/** The methods to name for a definition that takes some, or all. */
export function methodsOf({ methods }: Pick<ServedDefinition, "methods">): readonly string[] {
  return methods ?? commonMethods;
}
