import type { DeliveryOutcome, DueDelivery } from "../store/outbox/outbox.ts";

/** What came of an attempt. */
export type Answer =
  | { readonly status: number; readonly retryAfter: string | null }
  | { readonly error: string; readonly isFinal: boolean };

/** When failed attempts are repeated. Milliseconds. */
export interface RetrySchedule {
  readonly first: number;
  /** Each delay is so many times the one before. */
  readonly factor: number;
  readonly longest: number;
  /** How many attempts there are at most. */
  readonly attempts: number;
  /** No attempt comes later than this after the event, but the first. */
  readonly giveUpAfter: number;
}

/** Ten attempts over some four hours. */
export const defaultSchedule: RetrySchedule = {
  first: 1000,
  factor: 5,
  longest: 3_600_000,
  attempts: 10,
  giveUpAfter: 86_400_000,
};

/** Statuses of 4xx that say nothing against the message. */
const passing = new Set([408, 429]);

/** What an attempt means for the message, and for the next ones to the same receiver. */
export interface Verdict {
  readonly outcome: DeliveryOutcome;
  /** Milliseconds that the receiver asked to be left alone. */
  readonly asked: number;
}

/** How an attempt ended, and when there is another one. A receiver may ask for more patience than is planned. */
export function judge(
  answer: Answer,
  { attempt, age }: Pick<DueDelivery, "attempt" | "age">,
  schedule: RetrySchedule,
  now: number,
): Verdict {
  const failure = failureOf(answer);
  if ("state" in failure) return { outcome: failure, asked: 0 };
  const { status, error } = failure;
  const asked = "status" in answer ? Math.min(askedFor(answer.retryAfter, now), schedule.longest) : 0;
  const after = jittered(Math.max(plannedDelay(attempt, schedule), asked));
  const isLast = attempt >= schedule.attempts || age + after > schedule.giveUpAfter;
  if (!isLast) return { outcome: { state: "retry", after, status, error }, asked };
  const givenUp = `${error} Given up after attempt ${attempt}.`;
  return { outcome: { state: "failed", status, error: givenUp }, asked };
}

/** The outcome, where there is no second try; else what went wrong. */
function failureOf(
  answer: Answer,
): Exclude<DeliveryOutcome, { state: "retry" }> | { readonly status: number | null; readonly error: string } {
  if (!("status" in answer)) {
    const failure = { status: null, error: answer.error };
    return answer.isFinal ? { state: "failed", ...failure } : failure;
  }
  const { status } = answer;
  if (status >= 200 && status < 300) return { state: "delivered", status };
  const isRedirect = status >= 300 && status < 400;
  const error = `The receiver answered ${status}${isRedirect ? ", and redirects are not followed" : ""}.`;
  const isFinal = status < 500 && !passing.has(status);
  return isFinal ? { state: "failed", status, error } : { status, error };
}

function plannedDelay(attempt: number, { first, factor, longest }: RetrySchedule): number {
  return Math.min(first * factor ** (attempt - 1), longest);
}

/** Messages that failed together should not all come back together. */
function jittered(delay: number): number {
  return Math.round(delay * (1 + Math.random() / 10));
}

/** The milliseconds that a `Retry-After` asks for: seconds, or a date. */
function askedFor(retryAfter: string | null, now: number): number {
  if (retryAfter === null) return 0;
  if (/^\d{1,9}$/.test(retryAfter.trim())) return Number(retryAfter) * 1000;
  const date = Date.parse(retryAfter);
  return Number.isNaN(date) ? 0 : Math.max(0, date - now);
}
