/* Generated from schemas/api-token.schema.json by `npm run types`. Do not edit. */

/**
 * The version of the manifest format. There is one so far: `gitway/v1`.
 */
export type ApiVersion = "gitway/v1";
/**
 * Lower-case letters, digits and hyphens, starting and ending with a letter or digit, at most 63 characters.
 */
export type Slug = string;
/**
 * A whole number and a unit: ms, s, m, h or d.
 */
export type Duration = string;
/**
 * A moment in UTC: `2027-01-31T12:00:00Z`, or `YYYY-MM-DD HH:MM` as in the Dashboard API. Quote the second form in YAML.
 */
export type Timestamp = string;

/**
 * A token that may call APIs: a reference to its secret, never the secret.
 */
export interface ApiToken {
  apiVersion: ApiVersion;
  kind: "ApiToken";
  metadata: Metadata;
  spec: ApiTokenSpec;
}
/**
 * What identifies the object, and notes about it.
 */
export interface Metadata {
  name: Slug;
  /**
   * The UUID of the object. Derived from kind and name when absent. With an explicit id a rename keeps the object.
   */
  id?: string;
  /**
   * Short words to select and group by.
   */
  labels?: {
    [k: string]: string;
  };
  /**
   * Notes for people and tools; Gitway keeps them and does not read them.
   */
  annotations?: {
    [k: string]: string;
  };
}
/**
 * How the secret is found, and the limits of whoever holds it.
 */
export interface ApiTokenSpec {
  /**
   * Who uses this token, and for what.
   */
  description?: string;
  secret: SecretReference;
  /**
   * A disabled token is refused at once; enable it again at any time.
   */
  disabled?: boolean;
  rateLimit?: RateLimit;
  quota?: Quota;
  expires?: Timestamp;
}
/**
 * Exactly one of: `generate` (an operator issues it with `gitway token issue`), `env`, `file`, `sha256`.
 */
export interface SecretReference {
  /**
   * Gitway generates the secret when an operator issues it.
   */
  generate?: true;
  /**
   * The environment variable of the controller that holds the secret.
   */
  env?: string;
  /**
   * The file on the controller's machine that holds the secret, below the configured secrets folder.
   */
  file?: string;
  /**
   * The SHA-256 of the secret, in hex. Only for secrets of at least 32 random characters.
   */
  sha256?: string;
}
/**
 * How many requests may be made within a sliding window.
 */
export interface RateLimit {
  /**
   * Requests allowed within the window.
   */
  limit: number;
  window: Duration;
  /**
   * Raise a notice when the limit is hit: `gitway status` shows it until an operator clears it.
   */
  notice?: boolean;
}
/**
 * How many requests may be made within a sliding window, counted on through restarts.
 */
export interface Quota {
  /**
   * Requests allowed within the window.
   */
  limit: number;
  window: Duration;
}
