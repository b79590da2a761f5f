/* Generated from schemas/user.schema.json by `npm run types`. Do not edit. */

/**
 * The version of the manifest format. There is one so far: `gitway/v1`.
 */
export type ApiVersion = "gitway/v1";
/**
 * Lower-case letters, digits and hyphens, starting and ending with a letter or digit, at most 63 characters.
 */
export type Slug = string;

/**
 * A person: the e-mail addresses under which they commit, and what they may do on the Dashboard.
 */
export interface User {
  apiVersion: ApiVersion;
  kind: "User";
  metadata: Metadata;
  spec: UserSpec;
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
 * Who the person is, and what they may do.
 */
export interface UserSpec {
  /**
   * The person's name.
   */
  displayName: string;
  /**
   * The addresses that the person commits with.
   *
   * @maxItems 50
   */
  emails?: string[];
  /**
   * An inactive user's key is refused.
   */
  active?: boolean;
  /**
   * What the user may do on the Dashboard.
   */
  permissions?: (
    | "definitions.read"
    | "definitions.edit"
    | "definitions.delete"
    | "tokens.read"
    | "tokens.edit"
    | "tokens.delete"
    | "automation.execute"
    | "users.edit"
    | "sync.manage"
  )[];
  key?: KeyReference;
}
/**
 * The Dashboard key: exactly one of `env`, `file`, `sha256`.
 */
export interface KeyReference {
  /**
   * The environment variable of the controller that holds the key.
   */
  env?: string;
  /**
   * The file on the controller's machine that holds the key, below the configured secrets folder.
   */
  file?: string;
  /**
   * The SHA-256 of the key, in hex. Only for keys of at least 32 random characters.
   */
  sha256?: string;
}
