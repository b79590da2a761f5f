/* Generated from schemas/webhook.schema.json by `npm run types`. Do not edit. */

/**
 * The version of the manifest format. There is one so far: `gitway/v1`.
 */
export type ApiVersion = "gitway/v1";
/**
 * Lower-case letters, digits and hyphens, starting and ending with a letter or digit, at most 63 characters.
 */
export type Slug = string;
/**
 * An absolute http or https URL.
 */
export type HttpUrl = string;
/**
 * A file of the same repository, relative to the folder of the manifest. It may not leave the repository.
 */
export type RepositoryFile = string;
/**
 * A whole number and a unit: ms, s, m, h or d.
 */
export type Duration = string;
/**
 * Do not send the same message again within this time. Every one is sent when absent.
 */
export type Duration1 = string;

/**
 * Where events are sent, and how.
 */
export interface Webhook {
  apiVersion: ApiVersion;
  kind: "Webhook";
  metadata: Metadata;
  spec: WebhookSpec;
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
 * The request that is sent.
 */
export interface WebhookSpec {
  /**
   * The name for people. The metadata name when absent.
   */
  title?: string;
  url: HttpUrl;
  /**
   * The HTTP method.
   */
  method?: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  headers?: Headers;
  template?: RepositoryFile;
  timeout?: Duration;
  dedupe?: Duration1;
}
/**
 * Header names and their values.
 */
export interface Headers {
  [k: string]: string;
}
