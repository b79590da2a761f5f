import type { Call } from "../call.ts";
import type { Refusal } from "../endpoint-error.ts";

/** Lets in the methods that the definition takes. TRACE never: it hands headers back. */
export function methodIsTaken({ definition, request }: Call): Refusal | null {
  const { method = "" } = request;
  const { methods } = definition;
  if (methods ? methods.includes(method) : method !== "TRACE") return null;
  return { code: 3, headers: { allow: (methods ?? commonMethods).join(", ") } };
}

const commonMethods = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];
