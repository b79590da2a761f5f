import type { EventHook } from "../manifest/api-definition.generated.ts";
import { type Answer, beginAnswer } from "./http/begin-answer.ts";

interface EndpointErrorRow {
  readonly name: string;
  readonly status: number;
  /** What the caller reads: true, and of no use to somebody who tries things out. */
  readonly detail: string;
  /** What a definition's `events` call it. */
  readonly event?: EndpointEventName;
}

/** What can happen to a call that a definition can have a webhook for (Gateway rules 2.6). */
export type EndpointEventName = Exclude<EventHook["on"], "InformationEvent">;

/**
 * Every error that the endpoint answers with, by its `errorCode`. Up to 1999 the codes, names and
 * statuses are those of UD-APIs 2.5, without what can't happen here: 2, 4, 6 and 14 are 1010 to every caller,
 * and 1004 is for a reason that nobody gave, which a script worker always does. Those from 2001 are Gitway's
 * own, for what that table doesn't know.
 */
export const endpointErrors = {
  1: { name: "EmptyRoute", status: 400, detail: "The request names no route." },
  3: { name: "InvalidRequestMethod", status: 405, detail: "This API does not take the request's method." },
  5: { name: "DefinitionNotFound", status: 404, detail: "No API answers at this path." },
  7: { name: "NotReady", status: 503, detail: "The APIs are not loaded yet. Try again in a moment." },
  8: { name: "UnexpectedException", status: 500, detail: "Something went wrong." },
  9: { name: "InvalidActionMeta", status: 500, detail: "The API can't be served as it is defined." },
  10: {
    name: "BodyToParametersConversionFailed",
    status: 400,
    detail: "The request body is not a flat JSON object of 10,000 members at most.",
  },
  11: { name: "InvalidActionType", status: 500, detail: "The API can't be served as it is defined." },
  12: { name: "ScriptFailed", status: 500, detail: "The API's script failed." },
  13: { name: "InvalidScriptResult", status: 500, detail: "The API's script gave no valid answer." },
  15: { name: "ScriptMissing", status: 500, detail: "The API's script can't be run." },
  16: {
    name: "MissingScriptParameters",
    status: 400,
    detail: "The request body is missing script parameters.",
  },
  17: { name: "ResponseBodyTooLarge", status: 500, detail: "The API's answer is too large." },
  1001: { name: "ScriptNotAnswered", status: 500, detail: "The API's script gave no answer in time." },
  1002: { name: "UnknownStatusCode", status: 500, detail: "The API's script gave an invalid status." },
  1003: {
    name: "InvalidContentType",
    status: 415,
    detail:
      "The content type must be application/json, application/xml, text/xml or text/plain, in UTF-8 and not compressed.",
  },
  1005: { name: "UnknownErrorReason", status: 500, detail: "The API's script gave no answer that is known." },
  1006: { name: "QueueFull", status: 503, detail: "Too many calls are waiting. Try again in a moment." },
  1007: { name: "FailedToReadBody", status: 500, detail: "The request body could not be read." },
  1008: {
    name: "AuthenticationHeaderInvalid",
    status: 401,
    // The same for all: below the base nobody learns where an API looks, or whether there is one.
    detail:
      "The request carries no token in the expected form: 'Authorization: Bearer <token>', unless the API takes it elsewhere.",
    event: "AuthFailure",
  },
  1009: { name: "BodyTooLarge", status: 413, detail: "The request body is too large." },
  1010: {
    name: "AuthenticationFailed",
    status: 401,
    detail: "The token is not accepted.",
    event: "AuthFailure",
  },
  1011: { name: "QueryStringTooLarge", status: 414, detail: "The query string is too long." },
  1012: {
    name: "ResponseHeadersNotAllowed",
    status: 500,
    detail: "The API set a response header that it may not set.",
  },
  1013: { name: "ResponseHeadersInvalid", status: 500, detail: "The API set a malformed response header." },
  1014: {
    name: "RateLimitExceeded",
    status: 429,
    detail: "Too many requests with this token. Try again later.",
    event: "RatelimitExceeded",
  },
  2001: { name: "RequestMalformed", status: 400, detail: "The request is malformed." },
  2002: { name: "RequestTimedOut", status: 408, detail: "The request did not arrive in time." },
  2003: { name: "RequestHeadersTooLarge", status: 431, detail: "The request headers are too large." },
  2004: { name: "UpgradeNotSupported", status: 501, detail: "This API takes no WebSocket connections." },
  2005: {
    name: "TransferCodingNotSupported",
    status: 501,
    detail: "The only transfer coding that is understood is chunked.",
  },
  2006: {
    name: "TooManyWebSockets",
    status: 503,
    detail: "Too many WebSocket connections are open. Try again later.",
  },
  2007: { name: "ApiExpired", status: 403, detail: "The API has expired.", event: "VersionFailure" },
  2008: {
    name: "AddressNotAllowed",
    status: 403,
    detail: "Calls from this address are not allowed.",
    event: "AuthFailure",
  },
  2009: { name: "TargetNotAllowed", status: 502, detail: "The API's target is not allowed." },
  2010: { name: "UpstreamUnreachable", status: 502, detail: "The API's target can't be reached." },
  2011: {
    name: "UpstreamFailed",
    status: 502,
    detail: "The API's target broke off or gave no valid answer.",
  },
  2012: { name: "UpstreamTimedOut", status: 504, detail: "The API's target gave no answer in time." },
  2013: {
    name: "VersionMissing",
    status: 403,
    detail: "The request names no version of the API.",
    event: "VersionFailure",
  },
  2014: {
    name: "VersionUnknown",
    status: 403,
    detail: "The API has no such version.",
    event: "VersionFailure",
  },
  2015: {
    name: "VersionExpired",
    status: 403,
    detail: "This version of the API has expired.",
    event: "VersionFailure",
  },
  2016: {
    name: "PathForbidden",
    status: 403,
    detail: "This path of the API is not open to calls.",
    event: "VersionFailure",
  },
  // 403 and not 429, as clients of the Dashboard's gateway know it (Gateway rules 3.1).
  2017: {
    name: "QuotaExceeded",
    status: 403,
    detail: "The quota of this token is used up.",
    event: "QuotaExceeded",
  },
  2018: {
    name: "ApiRateLimitExceeded",
    status: 429,
    detail: "Too many requests to this API. Try again later.",
    event: "RatelimitExceeded",
  },
  2019: {
    name: "ExpectationNotUnderstood",
    status: 417,
    detail: "The only expectation that is understood is 100-continue.",
  },
  2030: { name: "BatchMalformed", status: 400, detail: "Batch request malformed" },
  2031: {
    name: "BatchedRequestMalformed",
    status: 400,
    detail: "Batch request creation failed , request structure malformed",
  },
  2032: { name: "BatchTooLong", status: 400, detail: "The batch holds too many requests." },
} as const satisfies Record<number, EndpointErrorRow>;

/** The `errorCode` of an error body. */
export type EndpointErrorCode = keyof typeof endpointErrors;

const upstreamErrors: ReadonlySet<EndpointErrorCode> = new Set([2009, 2010, 2011, 2012]);

/** Whether a code says that the target of a proxy is at fault. */
export function isUpstreamError(code: EndpointErrorCode | null): boolean {
  return code !== null && upstreamErrors.has(code);
}

/** Why a request is not served: data, until it is answered. */
export interface Refusal {
  readonly code: EndpointErrorCode;
  readonly headers?: Readonly<Record<string, string>>;
  readonly missingScriptParameters?: readonly string[];
  /** For the log only. */
  readonly reason?: string;
  /** Instead of the event of the code. */
  readonly event?: EndpointEventName;
}

const title =
  "The request was not served. If this goes on, tell the administrator the error code and the node.";

/** The error body of UD-APIs 2.4, as JSON. */
export function errorBody(refusal: Refusal, nodeId: number): string {
  const { detail } = endpointErrors[refusal.code];
  const error = {
    title,
    detail,
    errorCode: refusal.code,
    faultingNode: nodeId,
    ...(refusal.missingScriptParameters && { missingScriptParameters: refusal.missingScriptParameters }),
  };
  return JSON.stringify({ errors: [error] });
}

/** Answers a request with a refusal. */
export function sendRefusal(answer: Answer, refusal: Refusal, nodeId: number): void {
  const { status } = endpointErrors[refusal.code];
  const body = errorBody(refusal, nodeId);
  const headers = {
    "content-type": "application/json; charset=utf-8",
    "content-length": String(Buffer.byteLength(body)),
    ...(status === 401 && { "www-authenticate": "Bearer" }),
    ...(status === 503 && { "retry-after": "1" }),
    ...refusal.headers,
  };
  beginAnswer(answer, status, Object.entries(headers).flat());
  const { response } = answer;
  response.end(response.req.method === "HEAD" ? undefined : body);
}
