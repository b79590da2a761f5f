import type { TriggerOutcome, TriggerReason } from "../../dashboard/api/trigger-answer.ts";
import { endpointErrors, type EndpointErrorCode } from "../../endpoint/endpoint-error.ts";
import type { Explained } from "../../endpoint/explain/explain.ts";
import { type PresentedSecret, tokenReasonOf, tokenReasons } from "../../endpoint/explain/token-reasons.ts";
import type { Secret } from "../../secret.ts";
import type { Store } from "../../store/store.ts";
import { pairs } from "./call-answer.ts";

/** What a trigger gave, apart from when and how long it took. */
export type Given = Pick<TriggerOutcome, "succeeded" | "definition" | "answer" | "reason">;

/** How long a trigger may take, in milliseconds. */
export const triggerTime = 90_000;

const allReasons = { ...endpointErrors, ...tokenReasons };

/** The outcome of a call that was decided. */
export async function triggerOutcome(
  { explanation, answer }: Explained,
  secret: Secret | null,
  store: Pick<Store, "credentialsOf">,
): Promise<Given> {
  const { definition, decision, token } = explanation;
  const code = (decision.code ?? (answer.end === "broken" ? 2011 : null)) as EndpointErrorCode | null;
  const isAsked = token.state === "unknown" && secret !== null;
  const presented = { secret, isRevoked: isAsked && (await isRevoked(secret, store)) };
  const failure = code === null ? null : reasonOf(explanation, code, presented);
  const reason = answer.end === "late" ? timedOut : failure;
  const { status } = answer;
  const body = Buffer.concat(answer.body);
  const headers = pairs(answer.headers);
  const isWhole = answer.end === "whole";
  const size = isWhole ? body.length : announcedSize(headers);
  return {
    succeeded: reason === null,
    definition,
    answer: { status, headers, body, size, isWhole },
    reason,
  };
}

/** The outcome of a call whose answer did not begin in time. */
export function triggerTimedOut(definition: string | null): Given {
  return { succeeded: false, definition, answer: null, reason: timedOut };
}

const timedOut: TriggerReason = {
  errorCode: null,
  name: "TriggerTimedOut",
  detail: `The answer did not come to an end within ${triggerTime / 1000} seconds.`,
  publicErrorCode: null,
  rule: null,
  details: [],
};

function reasonOf(
  explanation: Explained["explanation"],
  code: EndpointErrorCode,
  presented: PresentedSecret,
): TriggerReason {
  const { rule, why } = explanation.decision;
  const errorCode = tokenReasonOf(explanation, presented) ?? code;
  const { name, detail } = allReasons[errorCode];
  // Of a secret that was revoked the endpoint only knows that it is nobody's.
  return { errorCode, name, detail, publicErrorCode: code, rule, details: presented.isRevoked ? [] : why };
}

async function isRevoked(secret: Secret, store: Pick<Store, "credentialsOf">): Promise<boolean> {
  const found = await store.credentialsOf(secret.hash());
  return found.some(({ revokedAt }) => revokedAt !== null);
}

function announcedSize(headers: readonly (readonly [name: string, value: string])[]): number | null {
  const announced = headers.find(([name]) => name.toLowerCase() === "content-length")?.[1];
  return announced === undefined ? null : Number(announced);
}
