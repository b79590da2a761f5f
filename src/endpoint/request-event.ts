import type { RequestEvent } from "../store/outbox/request-event.ts";
import { endpointErrors } from "./endpoint-error.ts";
import type { EndpointEvent } from "./request-handler.ts";

/**
 * What webhooks are told of a refused call (Gateway rules 2.6); null when its definition has none for that.
 * The path is without its query, which may hold the token.
 */
export function requestEvent({ on, call, refusal }: EndpointEvent): RequestEvent | null {
  const { definition, target, receivedAt, clientAddress, tokenName } = call;
  if (!definition.events.has(on)) return null;
  return {
    on,
    definitionId: definition.id,
    time: new Date(receivedAt).toISOString(),
    message: endpointErrors[refusal.code].detail,
    reason: refusal.reason ?? null,
    path: `/${target.segments.join("/")}`,
    clientAddress,
    tokenName,
  };
}
