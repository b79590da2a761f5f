import { holdsAddress } from "../../address-list.ts";
import type { ApiDefinitionSpec } from "../../manifest/api-definition.generated.ts";
import type { Call } from "../call.ts";
import { endpointErrors, type EndpointErrorCode, type Refusal } from "../endpoint-error.ts";
import { methodsOf } from "../rules/method.ts";
import type { TokenLocation } from "../token-location.ts";
import type { Explanation } from "./explanation.ts";

/** What a refusal is explained from. */
export interface RefusedRequest {
  readonly call: Call | null;
  /** Of the definition that has the path, active or not. */
  readonly spec: ApiDefinitionSpec | null;
  readonly definition: string | null;
  readonly token: Explanation["token"];
}

type Reason = (refused: RefusedRequest) => readonly string[];

/** Why a request is refused, in sentences for an operator. Callers are told less. */
export function whyRefused(refusal: Refusal, refused: RefusedRequest): string[] {
  const reason = reasons[refusal.code] ?? (() => [endpointErrors[refusal.code].detail]);
  const told = refusal.reason !== undefined && !(refusal.code in reasons) ? [`${refusal.reason}.`] : [];
  return [...reason(refused), ...told];
}

const reasons: Partial<Record<EndpointErrorCode, Reason>> = {
  3: ({ call }) => [
    `'${call?.definition.name}' takes ${call ? methodsOf(call.definition).join(", ") : "other methods"}, and not ${call?.request.method}.`,
  ],
  5: whyNotFound,
  1008: whyNoToken,
  1009: ({ call }) => [
    `The body is larger than '${call?.definition.name}' takes, which is ${call?.definition.limits.requestBody} bytes.`,
  ],
  1010: whyNoToken,
  1011: ({ call }) => [
    `The query is longer than '${call?.definition.name}' takes, which is ${call?.definition.limits.query} characters.`,
  ],
  1014: ({ token }) => [`ApiToken '${token.name}' has reached its rate limit.`],
  2007: ({ definition, spec }) => [`'${definition}' has expired: ${spec?.expires}.`],
  2008: whyAddress,
  2013: ({ definition, spec }) => [`The request names no version of '${definition}'.`, ...versionsOf(spec)],
  2014: ({ definition, spec, call }) => [
    call?.versionFault === "several"
      ? `The request names several versions of '${definition}', which does not say which one is meant.`
      : `'${definition}' has no version of the name that the request gives.`,
    ...versionsOf(spec),
  ],
  2015: ({ definition, call }) => [`Version '${call?.version?.name}' of '${definition}' has expired.`],
  2016: whyPath,
  2017: ({ token }) => [`ApiToken '${token.name}' has used up its quota.`],
  2018: ({ definition }) => [`'${definition}' has reached its rate limit, for all callers together.`],
};

function whyNotFound({ definition }: RefusedRequest): string[] {
  if (definition === null) return ["No definition has this path."];
  return [`'${definition}' has this path, and is not active: it answers as if it were not there.`];
}

function whyNoToken(refused: RefusedRequest): string[] {
  const { token, definition, spec, call } = refused;
  const name = `ApiToken '${token.name}'`;
  if (!call)
    return [...whyNotFound(refused), "Without a valid token callers below the base are told no more."];
  if (call.definition.closed)
    return [`'${definition}' asks for a kind of authentication that can't be checked yet: nobody is let in.`];
  if (token.state === "disabled") return [`${name} is disabled.`];
  if (token.state === "expired") return [`${name}, or this secret of it, has expired.`];
  if (token.state === "not allowed")
    return [`${name} is not among the tokens of '${definition}': ${namesOf(spec)}.`];
  const wanted = `'${definition}' lets in the tokens ${namesOf(spec)}, ${placeOf(call)}.`;
  if (token.state === "unknown") return ["The secret is that of no token.", wanted];
  return ["The request carries no token where the definition looks for one.", wanted];
}

function namesOf(spec: ApiDefinitionSpec | null): string {
  return spec?.tokens?.length ? spec.tokens.join(", ") : "(none)";
}

function placeOf({ definition, routeSegments }: Call): string {
  const { header, queryParameter, cookie }: TokenLocation = definition.tokenLocation;
  const bearer = header === "authorization";
  const places = [
    bearer ? "as 'Authorization: Bearer …'" : `in the header '${header}'`,
    ...(queryParameter === null ? [] : [`in the query parameter '${queryParameter}'`]),
    ...(cookie === null ? [] : [`in the cookie '${cookie}'`]),
  ];
  const scheme = bearer && routeSegments === null ? " ('Bearer' may be left out)" : "";
  return `${places.join(" or ")}${scheme}`;
}

function whyAddress({ call }: RefusedRequest): string[] {
  if (!call || call.clientAddress === "")
    return ["The address of the client is not known: a trusted proxy did not say it."];
  const { allowedAddresses, name } = call.definition;
  const isListed = allowedAddresses === null || holdsAddress(allowedAddresses, call.clientAddress);
  const fault = isListed ? "is in the 'ipBlockList'" : "is not in the 'ipAllowList'";
  return [`The client's address, ${call.clientAddress}, ${fault} of '${name}'.`];
}

function versionsOf(spec: ApiDefinitionSpec | null): string[] {
  const { versions } = spec ?? {};
  if (!versions) return [];
  const where =
    versions.location === "path" ? "the first path segment" : `the ${versions.location} '${versions.key}'`;
  return [`Its versions are ${versions.entries.map(({ name }) => name).join(", ")}, named by ${where}.`];
}

function whyPath({ call }: RefusedRequest): string[] {
  if (!call) return [];
  const { kind, entry } = call.path;
  if (kind === "blocked") return [`The path is blocked by the entry '${entry}'.`];
  if (kind === "unlisted") return ["The path is none of the allowed paths."];
  return ["An upstream could read the path in another way than the path lists do."];
}
