import { resolve } from "node:path";
import { fileURLToPath } from "node:url";

import { AppError } from "../../errors.ts";

/** The protocols of git that Gitway lets it use; a mirror is allowed exactly one. */
export type Protocol = "https" | "http" | "ssh" | "file";

/** Where a repository is, taken apart and found harmless. */
export interface Location {
  readonly protocol: Protocol;
  /** What git is given: an absolute path or a URL without credentials. */
  readonly url: string;
  /** The same without anything that may be a secret, for people. */
  readonly description: string;
  /** `https://host:port`: what credentials are bound to. Null for other protocols. */
  readonly origin: string | null;
}

const scpLike = /^(?:[A-Za-z0-9_][A-Za-z0-9_.-]*@)?[A-Za-z0-9[][A-Za-z0-9.:[\]-]*:[^:]/;
const loopbackHosts = new Set(["localhost", "127.0.0.1", "[::1]"]);

/**
 * Takes a location apart: a path, an https, ssh or file URL, `user@host:path`, or http to this machine.
 * Everything else, such as `ext::` or an option, is an `AppError` `config-invalid`.
 */
export function parseLocation(location: string): Location {
  // oxlint-disable-next-line no-control-regex -- control characters are what is looked for
  if (location === "" || /[\u0000-\u001f\u007f]/.test(location))
    throw invalid("The source is empty or has a control character. Give a path or a URL.");
  if (location.startsWith("-"))
    throw invalid(`The source '${location}' starts with a dash. Write ./${location} for a path.`);
  if (/^[A-Za-z0-9][A-Za-z0-9+.-]*::/.test(location))
    throw invalid(
      "The source names a remote helper ('name::…'), which Gitway never runs. Give an https, ssh or file URL.",
    );
  if (/^[A-Za-z][A-Za-z0-9+.-]*:\/\//.test(location)) return parseUrl(location);
  if (isScpLike(location)) return { protocol: "ssh", url: location, description: location, origin: null };
  return localLocation(resolve(location));
}

function parseUrl(text: string): Location {
  if (!URL.canParse(text))
    throw invalid("The source is not a well-formed URL. Write it as https://host/path.");
  const url = new URL(text);
  const parse = urlParsers[url.protocol];
  if (!parse)
    throw invalid(
      `The source uses '${url.protocol}//', which is not supported. Give an https, ssh or file URL, or a path.`,
    );
  return parse(url);
}

const urlParsers: Record<string, (url: URL) => Location> = {
  "https:": (url) => webLocation("https", url),
  "http:": (url) => {
    if (loopbackHosts.has(url.hostname)) return webLocation("http", url);
    throw invalid("The source uses http, which anyone on the way can read and change. Give an https URL.");
  },
  "ssh:": (url) => {
    if (url.password !== "")
      throw invalid("The source has a password in its URL. Use a key: credentials.sshKeyFile.");
    if (!/^[a-z0-9[]/i.test(url.hostname) || !/^([A-Za-z0-9_][A-Za-z0-9_.-]*)?$/.test(url.username))
      throw invalid("The source has a host or user that ssh could take for an option. Correct the URL.");
    return { protocol: "ssh", url: url.href, description: url.href, origin: null };
  },
  "file:": (url) => {
    if (url.host !== "") throw invalid("The source is a file URL with a host. Write it as file:///path.");
    return localLocation(pathOf(url));
  },
};

function webLocation(protocol: "https" | "http", url: URL): Location {
  if (url.username !== "" || url.password !== "")
    throw invalid(
      "The source has credentials in its URL, where logs and process lists show them. " +
        "Use credentials.username, and credentials.passwordEnv or credentials.passwordFile.",
    );
  url.hash = "";
  return { protocol, url: url.href, description: `${url.origin}${url.pathname}`, origin: url.origin };
}

function localLocation(path: string): Location {
  return { protocol: "file", url: path, description: path, origin: null };
}

function pathOf(url: URL): string {
  try {
    return fileURLToPath(url);
  } catch (error) {
    throw invalid("The source is a file URL whose path can't be read. Write it as file:///path.", {
      cause: error,
    });
  }
}

/** Git's rule: a colon before any slash makes it a host and a path. */
function isScpLike(location: string): boolean {
  const colon = location.indexOf(":");
  const slash = location.indexOf("/");
  if (colon < 0 || (slash >= 0 && slash < colon)) return false;
  if (!scpLike.test(location))
    throw invalid(
      `The source '${location}' is neither a path nor user@host:path. Write ./${location} for a path.`,
    );
  return true;
}

function invalid(message: string, options?: ErrorOptions): AppError {
  return new AppError("config-invalid", message, options);
}
