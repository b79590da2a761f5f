/* Generated from schemas/api-definition.schema.json by `npm run types`. Do not edit. */

/**
 * The version of the manifest format. There is one so far: `gitway/v1`.
 */
export type ApiVersion = "gitway/v1";
/**
 * Lower-case letters, digits and hyphens, starting and ending with a letter or digit, at most 63 characters.
 */
export type Slug = string;
/**
 * An HTTP method.
 */
export type Method = "GET" | "HEAD" | "POST" | "PUT" | "PATCH" | "DELETE" | "OPTIONS";
/**
 * An absolute http or https URL.
 */
export type HttpUrl = string;
/**
 * How long the answer may take to begin. Every part of an upload starts it anew.
 */
export type Duration = string;
/**
 * How long the upstream may be silent within its answer, and both ends of a WebSocket. Five minutes when absent.
 */
export type Duration1 = string;
/**
 * A file of the same repository, relative to the folder of the manifest. It may not leave the repository.
 */
export type RepositoryFile = string;
/**
 * How long a call may take, an hour at most.
 */
export type Duration2 = string;
/**
 * What a call may use, 512 MiB at most.
 */
export type Size = string;
/**
 * A moment in UTC: `2027-01-31T12:00:00Z`, or `YYYY-MM-DD HH:MM` as in the Dashboard API. Quote the second form in YAML.
 */
export type Timestamp = string;
/**
 * A whole number and a unit: ms, s, m, h or d.
 */
export type Duration3 = string;
/**
 * The largest body that is taken. 29 MiB for a script when absent.
 */
export type Size1 = string;
/**
 * The largest body that a proxy or script may answer with. 29 MiB for a script when absent.
 */
export type Size2 = string;
/**
 * The longest query string that is taken. 2 KiB for a script when absent.
 */
export type Size3 = string;
/**
 * Do not send the same message again within this time. The webhook's own window when absent; `0s` sends every one.
 */
export type DedupeWindow = string;

/**
 * An API: where it answers, what it does, who may call it, and the rules on the way.
 */
export interface ApiDefinition {
  apiVersion: ApiVersion;
  kind: "ApiDefinition";
  metadata: Metadata;
  spec: ApiDefinitionSpec;
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
 * Give either `route` or `listenPath`, and exactly one action.
 */
export interface ApiDefinitionSpec {
  /**
   * The name for people; the Dashboard's `name`. The metadata name when absent.
   */
  title?: string;
  /**
   * What the API is for.
   */
  description?: string;
  /**
   * An inactive definition answers nobody but keeps its claim on the route.
   */
  active?: boolean;
  /**
   * The path below the endpoint's base (`/api/custom`), without outer slashes. `{name}` fills a whole segment and is handed on as it came. Literals match in any case.
   */
  route?: string;
  /**
   * The absolute path, as in the Dashboard API. `/` is legal; a path within the endpoint's base is not: use `route` there.
   */
  listenPath?: string;
  /**
   * Answer only requests for this host name.
   */
  domain?: string;
  /**
   * `exact` takes the path alone, `prefix` also all below it, by whole segments. By default `prefix` for a proxy and for listen paths, else `exact`.
   */
  match?: "exact" | "prefix";
  /**
   * The methods that are let in; others get a 405. By default a script takes GET, PUT, POST, DELETE and PATCH, and a proxy or reply takes all.
   *
   * @minItems 1
   */
  methods?: Method[];
  action: Action;
  /**
   * The names of the tokens that may call this API. Without tokens nobody may, unless it is keyless.
   *
   * @maxItems 1000
   */
  tokens?: Slug[];
  /**
   * Let everybody in, without a token.
   */
  keyless?: boolean;
  authentication?: Authentication;
  ipAllowList?: IpAllowList;
  ipBlockList?: IpBlockList;
  paths?: PathLists;
  expires?: Timestamp;
  versions?: Versions;
  rateLimit?: RateLimit;
  limits?: Limits;
  middleware?: Middleware;
  /**
   * Which events call which webhook.
   *
   * @maxItems 100
   */
  events?: EventHook[];
  batch?: Batch;
  dashboard?: DashboardFields;
}
/**
 * What the API does: exactly one of proxy, reply and script.
 */
export interface Action {
  proxy?: ProxyAction;
  reply?: ReplyAction;
  script?: ScriptAction;
}
/**
 * Hand the request on to an upstream, and its answer back. Give `targetUrl` or `targets`.
 */
export interface ProxyAction {
  targetUrl?: HttpUrl;
  /**
   * Several upstreams, taken in turn. Repeat one to give it more weight.
   *
   * @minItems 1
   * @maxItems 100
   */
  targets?: HttpUrl[];
  /**
   * Remove the route or listen path before the rest is appended to the target.
   */
  stripPath?: boolean;
  /**
   * Keep the slash that ends the route of a request (`/p/`), or the target, when nothing comes behind it. A slash behind more (`/p/x/`) is always kept.
   */
  keepTrailingSlash?: boolean;
  /**
   * `upstream` sends the target's host, `preserve` the host that the caller asked for.
   */
  hostHeader?: "upstream" | "preserve";
  timeout?: Duration;
  idleTimeout?: Duration1;
}
/**
 * Answer with this, always.
 */
export interface ReplyAction {
  /**
   * The HTTP status.
   */
  status?: number;
  headers?: Headers;
  /**
   * The body, sent as it stands.
   */
  body?: string;
}
/**
 * Header names and their values.
 */
export interface Headers {
  [k: string]: string;
}
/**
 * Run a JavaScript file of the repository in a sandbox and answer with what it returns.
 */
export interface ScriptAction {
  file: RepositoryFile;
  /**
   * `raw` hands the body on as text, `parameters` also as a flat object parsed from JSON; `run` calls `run(parameters)` with the declared parameters and answers with an empty 200.
   */
  input?: "raw" | "parameters" | "run";
  /**
   * With `input: run`, the parameters that the body must hold.
   *
   * @maxItems 100
   */
  parameters?: string[];
  timeout?: Duration2;
  memory?: Size;
}
/**
 * Where the token is read from, and the kinds of authentication that have no effect yet: a definition that enables one of those refuses all callers.
 */
export interface Authentication {
  /**
   * The header that carries the token; a `Bearer` scheme is removed.
   */
  header?: string;
  /**
   * A query parameter that may carry the token.
   */
  queryParameter?: string;
  /**
   * A cookie that may carry the token. Of several places that hold one, the last counts: header, query parameter, cookie.
   */
  cookie?: string;
  /**
   * Basic authentication. No effect yet, except that all callers are refused.
   */
  basic?: boolean;
  /**
   * OAuth 2. No effect yet, except that all callers are refused.
   */
  oauth2?: boolean;
  /**
   * HMAC request signing. No effect yet, except that all callers are refused.
   */
  signature?: boolean;
}
/**
 * The client addresses that are let in. Enabled and empty admits nobody.
 */
export interface IpAllowList {
  /**
   * Whether the list is enforced.
   */
  enabled?: boolean;
  /**
   * IPv4 or IPv6 addresses and CIDR ranges.
   *
   * @maxItems 10000
   */
  addresses: string[];
}
/**
 * The client addresses that are kept out, also when the allow list lets them in.
 */
export interface IpBlockList {
  /**
   * Whether the list is enforced.
   */
  enabled?: boolean;
  /**
   * IPv4 or IPv6 addresses and CIDR ranges.
   *
   * @maxItems 10000
   */
  addresses: string[];
}
/**
 * Rules by path, tried in order: ignored, blocked, allowed. The first entry whose path and method fit decides. One allowed entry refuses all other paths. A path that an upstream could read in two ways (`a%2Fb`, `a;x`) must mean the same both ways.
 */
export interface PathLists {
  /**
   * No token is asked for here.
   *
   * @maxItems 1000
   */
  ignored?: PathRule[];
  /**
   * Only these paths are let in.
   *
   * @maxItems 1000
   */
  allowed?: PathRule[];
  /**
   * These paths are refused.
   *
   * @maxItems 1000
   */
  blocked?: PathRule[];
}
/**
 * A path relative to the route, by default with all below it. Without methods it holds for every method.
 */
export interface PathRule {
  /**
   * Whole segments; `{name}` fills one. Name sub-paths before their parents.
   */
  path: string;
  /**
   * `exact` takes the path alone, `prefix` also all below it.
   */
  match?: "exact" | "prefix";
  /**
   * Match literals in any case.
   */
  ignoreCase?: boolean;
  /**
   * Leave this entry out.
   */
  disabled?: boolean;
  /**
   * What happens by method. A method that is missing here skips the entry.
   */
  methods?: {
    [k: string]: MethodAction;
  };
}
/**
 * `none` leaves the list's own effect, `reply` answers at once.
 */
export interface MethodAction {
  /**
   * What to do.
   */
  action?: "none" | "reply";
  /**
   * The status of the reply.
   */
  status?: number;
  headers?: Headers;
  /**
   * The body of the reply.
   */
  body?: string;
}
/**
 * Several versions behind one route, told apart by a header, a query parameter or the first path segment.
 */
export interface Versions {
  /**
   * Where the request names its version. Of several the first counts with `strip`; else they are refused, since the upstream might take another.
   */
  location: "header" | "query" | "path";
  /**
   * The header or query parameter. Not used with `path`.
   */
  key?: string;
  /**
   * Remove the version before the request goes upstream.
   */
  strip?: boolean;
  /**
   * The version of a request that names none.
   */
  default?: string;
  /**
   * Take the default also for an unknown version.
   */
  fallbackToDefault?: boolean;
  /**
   * The versions.
   *
   * @minItems 1
   * @maxItems 100
   */
  entries: Version[];
}
/**
 * One version: its name, when it ends, its own target and path rules. Without `paths` of its own it has those of the definition.
 */
export interface Version {
  /**
   * What requests call it.
   */
  name: string;
  expires?: Timestamp;
  targetUrl?: HttpUrl;
  paths?: PathLists;
}
/**
 * How many requests may be made within a sliding window.
 */
export interface RateLimit {
  /**
   * Requests allowed within the window.
   */
  limit: number;
  window: Duration3;
  /**
   * Raise a notice when the limit is hit: `gitway status` shows it until an operator clears it.
   */
  notice?: boolean;
}
/**
 * Sizes beyond which a request or answer is refused.
 */
export interface Limits {
  requestBody?: Size1;
  responseBody?: Size2;
  query?: Size3;
}
/**
 * Sandboxed scripts before and after the action.
 */
export interface Middleware {
  /**
   * Run before the token is checked.
   *
   * @maxItems 20
   */
  pre?: MiddlewareScript[];
  /**
   * Run right before the action.
   *
   * @maxItems 20
   */
  post?: MiddlewareScript[];
}
/**
 * A script file and the function in it.
 */
export interface MiddlewareScript {
  file: RepositoryFile;
  /**
   * The exported function to call.
   */
  function?: string;
}
/**
 * A webhook that is called when something happens to this API.
 */
export interface EventHook {
  /**
   * The event.
   */
  on: "QuotaExceeded" | "RatelimitExceeded" | "AuthFailure" | "KeyExpired" | "VersionFailure" | "InformationEvent";
  webhook: Slug;
  dedupe?: DedupeWindow;
}
/**
 * Several requests in one, at `tyk/batch/` below the path.
 */
export interface Batch {
  /**
   * Whether batches are taken.
   */
  enabled?: boolean;
  /**
   * The most requests in one batch.
   */
  maxRequests?: number;
}
/**
 * Fields of the Dashboard API's notation that have no effect in Gitway. They are kept as given, so that a client reads back what it wrote. `id` and `api_id` are the ids that the Dashboard API knows the definition by, in place of the derived ones.
 */
export interface DashboardFields {
  [k: string]: unknown;
}
