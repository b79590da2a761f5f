import type { Person } from "../../plan/plan.ts";

/** A credential as the store knows it: never the secret, only its hash, and that is not shown either. */
export interface Credential {
  readonly id: number;
  readonly tokenId: string;
  readonly tokenName: string;
  /** `issued` by an operator, or found by the manifest's `reference`. */
  readonly origin: "issued" | "reference";
  readonly issuedBy: string;
  readonly issuedAt: string;
  readonly notAfter: string | null;
  readonly revokedAt: string | null;
  /** When it was last presented, as far as endpoints have told yet. */
  readonly lastUsed: string | null;
}

/** What a token's secret reference resolved to: a SHA-256 hash, or null when there is none. */
export interface ResolvedReference {
  readonly tokenId: string;
  readonly hash: Buffer | null;
}

/** A token's secret as the endpoint checks it. Revoked ones are left out. */
export interface ServingCredential {
  readonly id: number;
  readonly tokenId: string;
  /** SHA-256 of the secret, hex. */
  readonly hash: string;
  readonly notAfter: string | null;
}

/** A new secret for a token, by its hash, and who brings it. */
export interface NewCredential {
  readonly token: string;
  readonly hash: Buffer;
  readonly by: Person;
}

/** What a rotation did. */
export interface Rotation {
  readonly issued: Credential;
  /** The earlier credentials that end sooner than before. */
  readonly ended: readonly Credential[];
}

/** That a credential was presented. */
export interface CredentialUse {
  readonly id: number;
  /** Milliseconds since 1970. */
  readonly at: number;
}

/** The credentials, which live beside the reconciled objects. A token that is not there is `not-found`. */
export interface CredentialStore {
  /** The credentials of a token, oldest first, revoked ones too. */
  credentials(token: string): Promise<readonly Credential[]>;
  /** The same of all tokens that there are, by their names. */
  allCredentials(): Promise<readonly Credential[]>;
  /** The credentials of a secret's hash, also of tokens that are gone. Usually one or none. */
  credentialsOf(hash: Buffer): Promise<readonly Credential[]>;
  /** Stores the hash of an issued secret, with its event. */
  issueCredential(request: NewCredential): Promise<Credential>;
  /** The same, and the token's earlier credentials end after `overlap` milliseconds at the latest. */
  rotateCredential(request: NewCredential & { readonly overlap: number }): Promise<Rotation>;
  /**
   * Revokes one credential of a token, or all of them, for good and at once, with an event; gives those
   * that were not revoked yet.
   */
  revokeCredentials(request: {
    readonly token: string;
    readonly id?: number;
    readonly by: Person;
  }): Promise<readonly Credential[]>;
  /** Makes the `reference` credentials those given; a hash that was revoked once stays revoked. Says whether anything changed. */
  syncReferences(references: readonly ResolvedReference[]): Promise<boolean>;
  /** Notes when credentials were last presented, each once. Tells nobody: it changes nothing that is served. */
  noteLastUse(uses: readonly CredentialUse[]): Promise<void>;
}
