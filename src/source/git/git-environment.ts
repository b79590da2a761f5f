import { randomUUID } from "node:crypto";
import { rename, writeFile } from "node:fs/promises";

import { AppError } from "../../errors.ts";
import type { Secret } from "../../secret.ts";
import type { Location } from "./location.ts";

/** How to sign in at a source. */
export interface SourceCredentials {
  readonly username?: string | undefined;
  readonly password?: Secret | undefined;
  readonly sshKeyFile?: string | undefined;
  readonly knownHostsFile?: string | undefined;
}

/** What of the operator's environment reaches git: how to find programs, and how to reach the network. */
const passedOn = [
  "PATH",
  "TMPDIR",
  "SSH_AUTH_SOCK",
  "SSL_CERT_FILE",
  "SSL_CERT_DIR",
  "GIT_SSL_CAINFO",
  "GIT_SSL_CAPATH",
  "http_proxy",
  "https_proxy",
  "HTTPS_PROXY",
  "all_proxy",
  "ALL_PROXY",
  "no_proxy",
  "NO_PROXY",
];

/**
 * The whole environment of every git that Gitway starts. Nothing is inherited but what `passedOn`
 * names, so that no variable of a shell, a hook or a CI job changes what a revision says.
 */
export function gitEnvironment(
  outer: Readonly<Record<string, string | undefined>>,
  own: { readonly home: string; readonly configFile: string },
): Record<string, string> {
  const passed = passedOn.flatMap((name) => (outer[name] === undefined ? [] : [[name, outer[name]]]));
  return {
    PATH: "/usr/local/bin:/usr/bin:/bin",
    ...(Object.fromEntries(passed) as Record<string, string>),
    HOME: own.home,
    LC_ALL: "C",
    GIT_CONFIG_GLOBAL: own.configFile,
    GIT_CONFIG_NOSYSTEM: "1",
    GIT_ATTR_NOSYSTEM: "1",
    GIT_TERMINAL_PROMPT: "0",
    GIT_NO_REPLACE_OBJECTS: "1",
    GIT_LITERAL_PATHSPECS: "1",
    GIT_OPTIONAL_LOCKS: "0",
  };
}

/**
 * The variables that carry the https credentials to the helper in our configuration. They are given
 * only to the commands that talk to the source: never an argument, a URL or a file.
 */
export function credentialVariables(credentials: SourceCredentials): Record<string, string> {
  if (!credentials.password) return {};
  const variables = {
    GITWAY_SOURCE_USERNAME: credentials.username ?? "gitway",
    GITWAY_SOURCE_PASSWORD: credentials.password.reveal(),
  };
  // A line break would let a value speak git's credential protocol.
  if (Object.values(variables).some((value) => /[\n\r\0]/.test(value)))
    throw new AppError(
      "config-invalid",
      "The user name or password for the source has a line break in it. Remove it, also at the end of the file.",
    );
  return variables;
}

/** Writes the configuration, as a whole or not at all: another Gitway may be reading it. */
export async function writeGitConfig(file: string, text: string): Promise<void> {
  const draft = `${file}.${randomUUID()}`;
  await writeFile(draft, text, { mode: 0o600 });
  await rename(draft, file);
}

/**
 * The global configuration of git for one source. Objects are not checked with fsck: history written by
 * old tools would be refused for zero-padded modes, hashes are verified all the same, and nothing is
 * ever checked out, so no name in a tree reaches a file system.
 */
export function gitConfig(location: Location, credentials: SourceCredentials, gitTime: number): string {
  const seconds = String(Math.max(1, Math.ceil(gitTime / 1000)));
  const core = {
    hooksPath: "/dev/null",
    symlinks: "false",
    fsmonitor: "false",
    ...(location.protocol === "ssh" ? { sshCommand: sshCommand(credentials, seconds) } : {}),
  };
  return section("core", core) + commonConfig(location, credentials, seconds);
}

/**
 * The same for a push to a local repository, where git runs as its owner's would: its hooks decide, and its
 * work tree is as the owner's git makes it.
 */
export function localPushConfig(location: Location, gitTime: number): string {
  const seconds = String(Math.max(1, Math.ceil(gitTime / 1000)));
  // Without it, git would start a command only to find that nothing is to be cleaned up.
  return commonConfig(location, {}, seconds) + section("receive", { autogc: "false" });
}

function commonConfig(location: Location, credentials: SourceCredentials, seconds: string): string {
  const sections = [
    section("safe", { directory: "*" }),
    section("protocol", { allow: "never" }),
    section(`protocol "${location.protocol}"`, { allow: "always" }),
    section("credential", { helper: "" }),
    // A command that is stopped leaves its http helper behind, which has to give up by itself.
    section("http", { lowSpeedLimit: "1", lowSpeedTime: seconds }),
    section("transfer", { credentialsInUrl: "die", fsckObjects: "false" }),
    section("fetch", { recurseSubmodules: "false", writeCommitGraph: "false" }),
    section("submodule", { recurse: "false" }),
    // Cleaning up in the background would take objects from under a reader.
    section("gc", { auto: "0", autoDetach: "false" }),
    section("maintenance", { auto: "false" }),
    section("init", { defaultBranch: "main", templateDir: "" }),
  ];
  if (location.origin !== null && credentials.password)
    sections.push(section(`credential "${location.origin}"`, { helper: credentialHelper }));
  return sections.join("");
}

/** A constant: it reads the values from the environment, so nothing is put into a shell's text. */
const credentialHelper =
  '!f() { test "$1" = get && printf "username=%s\\npassword=%s\\n" "$GITWAY_SOURCE_USERNAME" "$GITWAY_SOURCE_PASSWORD"; }; f';

function section(name: string, values: Readonly<Record<string, string>>): string {
  const lines = Object.entries(values).map(([key, value]) => `\t${key} = ${quoted(value)}\n`);
  return `[${name}]\n${lines.join("")}`;
}

function quoted(value: string): string {
  return `"${value.replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`;
}

/** Git hands this to a shell, so only words that no shell and no ssh_config would read otherwise go in. */
function sshCommand(credentials: SourceCredentials, seconds: string): string {
  const { sshKeyFile, knownHostsFile } = credentials;
  const options = [
    "BatchMode=yes",
    "StrictHostKeyChecking=yes",
    "PermitLocalCommand=no",
    "ClearAllForwardings=yes",
  ];
  options.push(
    "ForwardAgent=no",
    `ConnectTimeout=${seconds}`,
    "ServerAliveInterval=15",
    "ServerAliveCountMax=3",
  );
  if (sshKeyFile !== undefined) options.push(`IdentityFile="${plainPath(sshKeyFile)}"`, "IdentitiesOnly=yes");
  if (knownHostsFile !== undefined)
    options.push(`UserKnownHostsFile="${plainPath(knownHostsFile)}"`, "GlobalKnownHostsFile=/dev/null");
  return ["ssh", ...options.map((option) => `-o '${option}'`)].join(" ");
}

function plainPath(path: string): string {
  if (/^[^\p{Cc}"'`$%\\]+$/u.test(path)) return path;
  throw new AppError(
    "config-invalid",
    "The path of credentials.sshKeyFile or credentials.knownHostsFile has a quote, $, %, backslash or control character. Move the file to a plainer path.",
  );
}
