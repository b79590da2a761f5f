import { existsSync } from "node:fs";
import { dirname, join, resolve } from "node:path";

import { readConfigFile } from "./config-file.ts";
import {
  defaultLayer,
  environmentLayer,
  fileLayer,
  flagLayer,
  type Layer,
  type Written,
} from "./config-layers.ts";
import { configFileOption, configOptions, type OptionValue } from "./config-options.ts";
import type { Environment, SecretPlace } from "./config-secrets.ts";
import { addresses, timer } from "./config-values.ts";
import type { TargetLists } from "./denied-address.ts";
import { AppError } from "./errors.ts";
import type { LogsOptions } from "./log.ts";
import { Secret } from "./secret.ts";
import { parseSize } from "./units.ts";

/** The options of a process, complete. Paths are absolute, times in milliseconds, sizes in bytes. */
export interface Config {
  /** A Git URL, or the absolute path of a local repository. */
  readonly source: string;
  /** Null is the source's HEAD. */
  readonly branch: string | null;
  /** Relative to the root of the repository. */
  readonly paths: readonly string[];
  readonly dataDir: string;
  /** A secret, since it may hold a password. Null is the embedded Postgres. */
  readonly databaseUrl: Secret | null;
  readonly secretsDir: string;
  readonly interval: number;
  readonly credentials: {
    readonly username: string | null;
    /** To be read with `readOptionSecret`, where it is used. */
    readonly password: SecretPlace;
    readonly sshKeyFile: string | null;
    readonly knownHostsFile: string | null;
  };
  readonly prune: { readonly objects: number; readonly share: number };
  readonly limits: {
    readonly fileSize: number;
    readonly files: number;
    readonly parseTime: number;
    readonly gitTime: number;
  };
  readonly endpoint: {
    readonly host: string;
    readonly port: number;
    readonly base: string;
    /** Null is one for each processor, at least 4. */
    readonly scriptWorkers: number | null;
    readonly scriptQueue: number;
    readonly webSockets: number;
    readonly nodeId: number;
    readonly noticeInterval: number;
    /** Null for none. */
    readonly revisionHeader: string | null;
    readonly trustedProxies: readonly string[];
    readonly drainDelay: number;
  };
  /** Which addresses proxies and webhooks may reach. */
  readonly targets: TargetLists;
  readonly dashboard: {
    readonly host: string;
    readonly port: number;
    /** Besides loopback and `host`, without a port. */
    readonly hosts: readonly string[];
    readonly orgId: string;
    readonly edits: "commit" | "branch" | "off";
    readonly newFiles: string;
  };
  /** Where the secret of the webhook receiver is. */
  readonly webhook: SecretPlace;
  /** What can be tried, and is off until it is switched on. */
  readonly softLaunch: {
    /** The console, and what belongs to it. */
    readonly UserDefinableAPI: boolean;
  };
  readonly log: LogsOptions;
  /** The folder that the options' relative paths were resolved against: that of `gitway.yaml`, if there is one. */
  readonly folder: string;
  /** Each option as it was resolved, for people to see. */
  readonly shown: readonly ShownOption[];
  /** The variables of the process, for what refers to them by name. A function, so that printing options can't print them. */
  readonly environment: () => Environment;
}

/** An option as `gitway config` shows it: never a secret. */
export interface ShownOption {
  readonly key: string;
  /** Undefined when it is not given and has no default. */
  readonly value: OptionValue;
  readonly origin: string;
}

/** What options are made from. */
export interface ConfigInput {
  /** Texts by key (`endpoint.port`), as given on the command line. */
  readonly flags: Readonly<Record<string, string | readonly string[]>>;
  /** The value of `--config`, when given. */
  readonly file?: string | undefined;
  readonly cwd: string;
  readonly environment?: Environment;
  /** Whether standard error is a terminal. */
  readonly terminal?: boolean;
}

/**
 * The options of this process: a flag comes before `gitway.yaml`, that before the environment, that before the
 * default. What is wrong is `config-invalid`, and says where it was written.
 */
export function loadConfig(input: ConfigInput): Config {
  const { cwd, environment = process.env, terminal = process.stderr.isTTY } = input;
  const file = configFile(input.file, environment, cwd);
  const layers: readonly Layer[] = [
    absolute(flagLayer(input.flags), cwd),
    absolute(fileLayer(file.values, file.shown), file.folder),
    absolute(environmentLayer(environment), cwd),
    absolute(defaultLayer(), topFolder(cwd)),
  ];
  const merged = new Map<string, Written>();
  for (const layer of layers.toReversed()) for (const [key, written] of layer) merged.set(key, written);
  checkSource(merged.get("source"));
  return assemble(merged, { folder: file.folder, environment, terminal });
}

/** The top of the repository around a folder: its commands share one data folder. The folder itself elsewhere. */
function topFolder(cwd: string): string {
  for (let folder = cwd; ; folder = dirname(folder)) {
    if (existsSync(join(folder, ".git"))) return folder;
    if (folder === dirname(folder)) return cwd;
  }
}

interface ConfigFile {
  readonly values: Record<string, unknown>;
  readonly shown: string;
  readonly folder: string;
}

function configFile(flag: string | undefined, environment: Environment, cwd: string): ConfigFile {
  const asked = flag ?? (environment[configFileOption.variable] || undefined);
  const shown = asked ?? configFileOption.default;
  const folder = asked === undefined && !existsSync(join(cwd, shown)) ? topFolder(cwd) : cwd;
  const file = resolve(folder, shown);
  const values = readConfigFile(file, shown);
  if (values === null && asked !== undefined)
    throw new AppError("config-invalid", `The file of options ${shown} does not exist.`);
  return { values: values ?? {}, shown, folder: values === null ? cwd : dirname(file) };
}

/** Options that name a file or folder of this machine. */
const pathKeys = new Set([
  "dataDir",
  "secretsDir",
  "credentials.passwordFile",
  "credentials.sshKeyFile",
  "credentials.knownHostsFile",
  "webhook.secretFile",
  "log.file",
  "log.accessFile",
]);

/** A relative path is relative to where it was written: the working folder, or the folder of `gitway.yaml`. */
function absolute(layer: Layer, folder: string): Layer {
  const resolved = new Map(layer);
  for (const [key, { value, origin }] of layer) {
    if (typeof value !== "string") continue;
    if (pathKeys.has(key) || (key === "source" && isLocalPath(value)))
      resolved.set(key, { value: resolve(folder, value), origin });
  }
  return resolved;
}

/** Git takes what has a scheme, or a colon before the first slash, for a place elsewhere. */
function isLocalPath(source: string): boolean {
  return !/^[A-Za-z][A-Za-z0-9+.-]*:\/\//.test(source) && !/^[^/\\]+:/.test(source);
}

/** A password in the URL, or a token in place of the user, would end up in logs and on pages (law 6). */
function checkSource(source: Written | undefined): void {
  const credentials = /^(?:https?:\/\/[^/@]*@|[A-Za-z][A-Za-z0-9+.-]*:\/\/[^/@]*:[^/@]*@)/i;
  if (!credentials.test(String(source?.value))) return;
  throw new AppError(
    "config-invalid",
    `${source?.origin}: 'source' must not hold a password or user; give them in 'credentials.username' and 'credentials.passwordEnv'.`,
  );
}

interface Surroundings {
  readonly folder: string;
  readonly environment: Environment;
  readonly terminal: boolean;
}

function assemble(merged: ReadonlyMap<string, Written>, surroundings: Surroundings): Config {
  const { folder, environment, terminal } = surroundings;
  // The schema has checked that each key holds what its type here says.
  const at = (key: string) => merged.get(key)?.value;
  const text = (key: string) => at(key) as string;
  const textOrNull = (key: string) => (at(key) ?? null) as string | null;
  const number = (key: string) => at(key) as number;
  const secretPlace = (prefix: string): SecretPlace => ({
    env: at(`${prefix}Env`) as string | undefined,
    file: at(`${prefix}File`) as string | undefined,
  });
  const databaseUrl = textOrNull("databaseUrl");
  return {
    source: text("source"),
    branch: textOrNull("branch"),
    paths: at("paths") as readonly string[],
    dataDir: text("dataDir"),
    databaseUrl: databaseUrl === null ? null : new Secret(databaseUrl),
    secretsDir: text("secretsDir"),
    interval: timer(merged, "interval"),
    credentials: {
      username: textOrNull("credentials.username"),
      password: secretPlace("credentials.password"),
      sshKeyFile: textOrNull("credentials.sshKeyFile"),
      knownHostsFile: textOrNull("credentials.knownHostsFile"),
    },
    prune: { objects: number("prune.objects"), share: number("prune.share") },
    limits: {
      fileSize: parseSize(text("limits.fileSize")),
      files: number("limits.files"),
      parseTime: timer(merged, "limits.parseTime"),
      gitTime: timer(merged, "limits.gitTime"),
    },
    endpoint: {
      host: text("endpoint.host"),
      port: number("endpoint.port"),
      base: text("endpoint.base"),
      scriptWorkers: (at("endpoint.scriptWorkers") ?? null) as number | null,
      scriptQueue: number("endpoint.scriptQueue"),
      webSockets: number("endpoint.webSockets"),
      nodeId: number("endpoint.nodeId"),
      noticeInterval: timer(merged, "endpoint.noticeInterval"),
      revisionHeader: text("endpoint.revisionHeader") === "off" ? null : text("endpoint.revisionHeader"),
      trustedProxies: addresses(merged, "endpoint.trustedProxies"),
      drainDelay: at("endpoint.drainDelay") === undefined ? 0 : timer(merged, "endpoint.drainDelay"),
    },
    targets: { allow: addresses(merged, "targets.allow"), deny: addresses(merged, "targets.deny") },
    dashboard: {
      host: text("dashboard.host"),
      port: number("dashboard.port"),
      hosts: at("dashboard.hosts") as readonly string[],
      orgId: text("dashboard.orgId"),
      edits: text("dashboard.edits") as Config["dashboard"]["edits"],
      newFiles: text("dashboard.newFiles"),
    },
    webhook: secretPlace("webhook.secret"),
    softLaunch: { UserDefinableAPI: at("softLaunch.UserDefinableAPI") as boolean },
    log: {
      level: text("log.level"),
      format: logFormat(textOrNull("log.format"), terminal),
      access: text("log.access") === "on",
      file: textOrNull("log.file"),
      accessFile: textOrNull("log.accessFile"),
      fileSize: parseSize(text("log.fileSize")),
      files: number("log.files"),
    },
    folder,
    shown: shownOptions(merged),
    environment: () => environment,
  };
}

function logFormat(written: string | null, terminal: boolean): LogsOptions["format"] {
  if (written === null) return terminal ? "text" : "json";
  return written === "json" ? "json" : "text";
}

function shownOptions(merged: ReadonlyMap<string, Written>): ShownOption[] {
  return configOptions.map(({ key }) => {
    const { value, origin } = merged.get(key) ?? { value: undefined, origin: "default" };
    return { key, value: key === "databaseUrl" ? withoutPassword(value) : value, origin };
  });
}

/** Host and database only: user names and parameters of a database URL may be secrets too. */
function withoutPassword(url: OptionValue): OptionValue {
  if (typeof url !== "string") return url;
  if (!URL.canParse(url)) return "postgres://…";
  const { host, pathname } = new URL(url);
  return `postgres://${host}${pathname}`;
}

/**
 * Takes DEBUG out of the process before any library reads it: with it, a library for git would print the
 * environment of the commands that it runs, passwords included (law 6).
 */
export function silenceLibraries(): void {
  delete process.env["DEBUG"];
}
