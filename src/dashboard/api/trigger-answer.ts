import { STATUS_CODES } from "node:http";

/** What came of a trigger. */
export interface TriggerOutcome {
  /** Whether the endpoint would have served it, whatever status its action then gives. */
  readonly succeeded: boolean;
  readonly time: Date;
  readonly milliseconds: number;
  /** The revision that decided. */
  readonly revision: number;
  /** The definition that has the path. */
  readonly definition: string | null;
  /** What callers would get; null when nothing came in time. */
  readonly answer: {
    readonly status: number;
    readonly headers: readonly (readonly [name: string, value: string])[];
    readonly body: Buffer;
    /** Bytes of the whole body; null when nobody knows. */
    readonly size: number | null;
    /** Whether this is all of it. */
    readonly isWhole: boolean;
  } | null;
  /** Why it did not succeed; null when it did. */
  readonly reason: TriggerReason | null;
}

/** Why a trigger did not succeed: more than callers are told (UD-APIs 2.5). */
export interface TriggerReason {
  /** Null for what is no error of the endpoint. */
  readonly errorCode: number | null;
  readonly name: string;
  readonly detail: string;
  /** The code that callers read. */
  readonly publicErrorCode: number | null;
  /** The rule that refused it. */
  readonly rule: string | null;
  /** In sentences, about the definition and its tokens. */
  readonly details: readonly string[];
}

const shownBytes = 1024 * 1024;

/** An outcome as the API shows it. Only readers of definitions and tokens learn about them. */
export function shownOutcome(
  outcome: TriggerOutcome,
  mayRead: { readonly definitions: boolean; readonly tokens: boolean },
): Record<string, unknown> {
  const { succeeded, time, milliseconds, revision, definition, answer, reason } = outcome;
  const mayReadAll = mayRead.definitions && mayRead.tokens;
  return {
    succeeded,
    time: time.toISOString(),
    duration: milliseconds,
    revision,
    definition: mayRead.definitions ? definition : null,
    status: answer?.status ?? null,
    statusName: answer ? (STATUS_CODES[answer.status] ?? null) : null,
    headers: headersByName(answer?.headers ?? []),
    size: answer?.size ?? null,
    ...shownBody(answer),
    reason: reason && { ...reason, details: mayReadAll ? reason.details : [] },
  };
}

function headersByName(
  headers: readonly (readonly [name: string, value: string])[],
): Record<string, string[]> {
  const byName = new Map<string, string[]>();
  for (const [name, value] of headers) {
    const key = name.toLowerCase();
    byName.set(key, [...(byName.get(key) ?? []), value]);
  }
  return Object.fromEntries(byName);
}

function shownBody(answer: TriggerOutcome["answer"]) {
  if (!answer) return { body: null, isBase64: false, isTruncated: false };
  const shown = answer.body.subarray(0, shownBytes);
  const isTruncated = !answer.isWhole || answer.body.length > shown.length;
  const text = textOf(shown, isTruncated);
  return { body: text ?? shown.toString("base64"), isBase64: text === null, isTruncated };
}

/** Null for what is no text. One that is cut may end within a character, which is left out. */
function textOf(bytes: Buffer, isCut: boolean): string | null {
  try {
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes, { stream: isCut });
    return text.includes("\0") ? null : text;
  } catch {
    return null;
  }
}
