import { endpointErrors, type EndpointErrorCode } from "../../endpoint/endpoint-error.ts";
import type { Explanation } from "../../endpoint/explain/explanation.ts";
import type { Secret } from "../../secret.ts";
import type { Credential } from "../../store/credentials/credential-store.ts";
import type { ServingState } from "../../store/serving/serving-store.ts";
import type { Store } from "../../store/store.ts";
import { counted, wholeSeconds } from "../output/output.ts";
import { type CollectedAnswer, headerOf } from "./call-answer.ts";

/** What became of a request at the running endpoint. */
export interface LiveOutcome {
  readonly status: number;
  /** Null when it was served. */
  readonly code: EndpointErrorCode | null;
  /** What its header says; null without one. */
  readonly revision: string | null;
  readonly retryAfter: string | null;
  /** Under which the log has it. */
  readonly requestId: string | null;
}

/** What became of it, as far as its answer says. Only an answer with the error body of a code is a refusal. */
export function liveOutcome(answer: CollectedAnswer, revisionHeader: string | null): LiveOutcome {
  return {
    status: answer.status,
    code: codeIn(answer),
    revision: revisionHeader === null ? null : headerOf(answer, revisionHeader),
    retryAfter: headerOf(answer, "retry-after"),
    requestId: headerOf(answer, "x-request-id"),
  };
}

function codeIn({ status, body }: CollectedAnswer): EndpointErrorCode | null {
  try {
    const parsed = JSON.parse(Buffer.concat(body).toString("utf8")) as { errors?: { errorCode?: unknown }[] };
    const code = Number(parsed.errors?.[0]?.errorCode) as EndpointErrorCode;
    return endpointErrors[code]?.status === status ? code : null;
  } catch {
    return null;
  }
}

/** What the store knows of a secret that lets nobody in, in sentences. */
export async function secretNotes(
  store: Store,
  { token }: Explanation,
  secret: Secret | null,
): Promise<string[]> {
  if (secret === null || token.state !== "unknown") return [];
  const found = await store.credentialsOf(secret.hash());
  return found.map(noteOf);
}

/** What manifests alone can't tell of a secret that they know of no token, in sentences. */
export function unknownSecretNotes(
  { token, definition }: Explanation,
  { definitions }: ServingState,
  unknownSecrets: readonly string[],
): string[] {
  if (token.state !== "unknown") return [];
  const allowed = definitions.find(({ name }) => name === definition)?.spec.tokens ?? [];
  const names = allowed.filter((name) => unknownSecrets.includes(name));
  if (names.length === 0) return [];
  return [
    `It may be one that is not known here, of ${names.join(", ")}: come as such a token with '--as NAME'.`,
  ];
}

function noteOf({ id, tokenName, issuedBy, revokedAt }: Credential): string {
  const name = `credential ${id} of ApiToken '${tokenName}', issued by ${issuedBy}`;
  return revokedAt === null
    ? `It was ${name}: that token is gone.`
    : `It is ${name}, and was revoked at ${wholeSeconds(revokedAt)}.`;
}

/** Where the answer of the running endpoint is another than the one explained here, in sentences. */
export function liveNotes(
  live: LiveOutcome,
  { revision, decision, action, token, definition }: Explanation,
  state: ServingState,
): string[] {
  const notes: string[] = [];
  if (live.revision !== null && live.revision !== String(revision))
    notes.push(
      `The endpoint answered from revision ${live.revision}; the store is at ${revision}, which is explained here.`,
    );
  if (live.code === decision.code) return notes;
  if (live.code === null)
    return [...notes, `The endpoint served the request all the same, with ${live.status}.`];
  const { name, detail } = endpointErrors[live.code];
  const isLetThrough = decision.isServed && action !== null;
  notes.push(
    isLetThrough
      ? detail
      : `The endpoint itself refused the request with ${live.status} ${name} (${live.code}): ${detail}`,
  );
  const limit = limitOf(live.code, token.name, definition, state);
  if (limit !== null) notes.push(`The limit is ${limit}.`);
  else if (live.requestId !== null) notes.push(`Its log may say more, beside the id ${live.requestId}.`);
  if (live.retryAfter !== null) notes.push(`It is open again in ${live.retryAfter} seconds.`);
  if (isLetThrough) notes.push(`All else lets it through to the ${action.kind} of '${definition}'.`);
  return notes;
}

function limitOf(
  code: EndpointErrorCode,
  tokenName: string | null,
  definitionName: string | null,
  { tokens, definitions }: ServingState,
): string | null {
  const token = tokens.find(({ name }) => name === tokenName)?.spec;
  const definition = definitions.find(({ name }) => name === definitionName)?.spec;
  const limits: Partial<Record<EndpointErrorCode, { limit: number; window: string } | undefined>> = {
    1014: token?.rateLimit,
    2017: token?.quota,
    2018: definition?.rateLimit,
  };
  const found = limits[code];
  return found ? `${counted(found.limit, "request")} in ${found.window}` : null;
}
