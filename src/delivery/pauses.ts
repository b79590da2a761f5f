/** Webhooks whose receivers failed lately, and are left alone for a moment. */
export interface Pauses {
  /** Notes a failure, and gives the milliseconds that the webhook is left alone: what its receiver asked for, at least. */
  failed(webhookId: string, asked: number): number;
  succeeded(webhookId: string): void;
  /** The ids of webhooks that are left alone now. */
  current(): string[];
}

/**
 * A receiver that is down is tried ever less often, from `first` to `longest` milliseconds, with whatever
 * message is next; one message that it can't take doesn't keep it from the others.
 */
export function createPauses({
  first,
  longest,
}: {
  readonly first: number;
  readonly longest: number;
}): Pauses {
  const failing = new Map<string, { readonly failures: number; readonly until: number }>();
  return {
    failed(webhookId, asked) {
      const failures = (failing.get(webhookId)?.failures ?? 0) + 1;
      const pause = Math.max(asked, Math.min(first * 2 ** Math.min(failures - 1, 20), longest));
      failing.set(webhookId, { failures, until: performance.now() + pause });
      return pause;
    },
    succeeded: (webhookId) => void failing.delete(webhookId),
    current() {
      const now = performance.now();
      return [...failing].filter(([, { until }]) => until > now).map(([id]) => id);
    },
  };
}
