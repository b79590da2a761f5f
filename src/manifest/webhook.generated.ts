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
 * A file of the repository with the body, in which `{{message}}` and the like are filled in. JSON with all fields when absent.
 */
export type RepositoryFile = string;
/**
 * How long the receiver may take for an attempt, a minute at most.
 */
export type Duration = string;
/**
 * Do not send the same message again within this time. Every one is sent when absent or `0s`.
 */
export type DedupeWindow = string;

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
  dedupe?: DedupeWindow;
  dashboard?: DashboardFields;
}
/**
 * Header names and their values.
 */
export interface Headers {
  [k: string]: string;
}
/**
 * Fields of the Dashboard API's notation that have no effect in Gitway. They are kept as given, so that a client reads back what it wrote. `id` is the id that the Dashboard API knows the webhook by, in place of the derived one.
 */
export interface DashboardFields {
  [k: string]: unknown;
}
