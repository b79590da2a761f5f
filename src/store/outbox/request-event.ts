/** What happened to a request, for the webhooks of its definition (Gateway rules 2.6). */
export interface RequestEvent {
  readonly on: "QuotaExceeded" | "RatelimitExceeded" | "AuthFailure" | "KeyExpired" | "VersionFailure";
  readonly definitionId: string;
  /** ISO 8601, UTC. */
  readonly time: string;
  readonly message: string;
  /** What only the operator should know; null where the message says it all. */
  readonly reason: string | null;
  readonly path: string;
  readonly clientAddress: string;
  /** Whose token it was, if it was anybody's; never the secret. */
  readonly tokenName: string | null;
}
