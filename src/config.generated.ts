/* Generated from schemas/config.schema.json by `npm run types`. Do not edit. */

/**
 * How often the source is looked at without being woken. Up to a tenth is added by chance.
 */
export type Duration = string;
/**
 * The largest manifest, script or template that is read.
 */
export type Size = string;
/**
 * The longest that the parser may take for one file.
 */
export type Duration1 = string;
/**
 * The longest that one git command may take.
 */
export type Duration2 = string;

/**
 * gitway.yaml: every key is also a flag and an environment variable.
 */
export interface WrittenConfig {
  /**
   * The Git repository with the manifests: a local path, or an https, ssh or file URL.
   */
  source?: string;
  /**
   * The branch to reconcile. The source's HEAD when absent.
   */
  branch?: string;
  /**
   * The folders and files of the repository that hold manifests.
   *
   * @minItems 1
   * @maxItems 100
   */
  paths?: string[];
  /**
   * The data folder: the mirror of the source, and the embedded Postgres.
   */
  dataDir?: string;
  /**
   * The Postgres to use; the embedded one when absent. Also read from DATABASE_URL.
   */
  databaseUrl?: string;
  /**
   * The folder below which `file` references to secrets are read.
   */
  secretsDir?: string;
  interval?: Duration;
  credentials?: SourceCredentials;
  prune?: PruneLimit;
  limits?: SourceLimits;
  endpoint?: EndpointConfig;
  dashboard?: DashboardConfig;
  webhook?: WebhookReceiverConfig;
  log?: LogConfig;
}
/**
 * How to sign in at the source. Values are references to an environment variable or a file, never the secret.
 */
export interface SourceCredentials {
  /**
   * The user name for https.
   */
  username?: string;
  /**
   * The environment variable that holds the https password or access token.
   */
  passwordEnv?: string;
  /**
   * The file that holds the https password or access token.
   */
  passwordFile?: string;
  /**
   * The private key for ssh.
   */
  sshKeyFile?: string;
  /**
   * The known_hosts file for ssh. Unknown hosts are refused.
   */
  knownHostsFile?: string;
}
/**
 * Deletions are held when a pass would delete more than `objects` of a kind and more than `share` of them, or leave nothing of any kind.
 */
export interface PruneLimit {
  /**
   * Objects of a kind that may always be deleted.
   */
  objects?: number;
  /**
   * The part of a kind's objects that may be deleted at once.
   */
  share?: number;
}
/**
 * What a repository may ask of Gitway.
 */
export interface SourceLimits {
  fileSize?: Size;
  /**
   * The most manifest files.
   */
  files?: number;
  parseTime?: Duration1;
  gitTime?: Duration2;
}
/**
 * Where the routes are served.
 */
export interface EndpointConfig {
  /**
   * The address to listen on.
   */
  host?: string;
  /**
   * The port to listen on; 0 takes a free one.
   */
  port?: number;
  /**
   * The path below which routes are served.
   */
  base?: string;
  /**
   * How many scripts run at once; by default one for each processor, at least 4.
   */
  scriptWorkers?: number;
  /**
   * How many calls may wait for a script worker before callers get a 503.
   */
  scriptQueue?: number;
  /**
   * The number of this node in error bodies (`faultingNode`).
   */
  nodeId?: number;
}
/**
 * Where health, metrics and the webhook receiver are served.
 */
export interface DashboardConfig {
  /**
   * The address to listen on.
   */
  host?: string;
  /**
   * The port to listen on; 0 takes a free one.
   */
  port?: number;
}
/**
 * The secret that a forge signs its webhook with. Without one the receiver refuses all calls.
 */
export interface WebhookReceiverConfig {
  /**
   * The environment variable that holds the secret.
   */
  secretEnv?: string;
  /**
   * The file that holds the secret.
   */
  secretFile?: string;
}
/**
 * The log, on standard error.
 */
export interface LogConfig {
  /**
   * The least important lines that are written.
   */
  level?: "fatal" | "error" | "warn" | "info" | "debug" | "trace" | "silent";
  /**
   * `text` for people, `json` for machines. By default text on a terminal, else json.
   */
  format?: "text" | "json";
}
