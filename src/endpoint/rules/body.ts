import type { Call } from "../call.ts";
import type { Refusal } from "../endpoint-error.ts";
import { announcesMoreThan } from "../http/request-body.ts";

/** Refuses requests that announce a body beyond the limit. One that doesn't announce it is measured on the way. */
export function bodyIsSmall({ definition, request }: Call): Refusal | null {
  return announcesMoreThan(request, definition.limits.requestBody) ? { code: 1009 } : null;
}
