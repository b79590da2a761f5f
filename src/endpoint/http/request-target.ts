/** The path and host of a request, checked and taken apart, nothing decoded. */
export interface RequestTarget {
  /** Lower case, without port or final dot. Empty when the request names none. */
  readonly host: string;
  /** As they came, still percent-encoded. Empty ones are dropped: `//` is `/` (UD-APIs 1.2). */
  readonly segments: readonly string[];
  readonly trailingSlash: boolean;
  /** Without the question mark. */
  readonly query: string;
}

/** What needs no closer look: a path and nothing in it that could be read in more ways than one. */
const plainForm = /^(?:\/[\w~-]+)+\/?$/;
const absoluteForm = /^https?:\/\/([^/?#]*)(.*)$/is;
const plainHost = /^[a-z0-9-]+(?:\.[a-z0-9-]+)*$/;
const hostForm = /^(\[[0-9a-f:.]+\]|[a-z0-9._~-]*)(?::\d{0,5})?$/;
const visible = /^[\x21-\x7e]*$/;
const badEscape = /%(?![0-9a-f]{2})/i;
const encodedControl = /%(?:[01][0-9a-f]|7f)/i;

/**
 * Takes the request target apart, or gives null for one that a route could be dodged with: control
 * characters, broken escapes and those of invalid UTF-8, backslashes, and dot segments in any disguise.
 * Those are refused rather than resolved, since what an upstream makes of them can't be known here.
 */
export function parseRequestTarget(url: string, hostHeader: string | undefined): RequestTarget | null {
  const absolute = url.startsWith("/") ? null : absoluteForm.exec(url);
  const local = absolute ? absolute[2] || "/" : url;
  const host = hostOf((absolute?.[1] ?? hostHeader ?? "").toLowerCase());
  if (host === undefined) return null;
  const question = local.indexOf("?");
  const path = question < 0 ? local : local.slice(0, question);
  if (!plainForm.test(local)) {
    if (!visible.test(local) || local.includes("#")) return null;
    if (!isSafePath(absolute && !path.startsWith("/") ? `/${path}` : path)) return null;
  }
  return {
    host,
    segments: path.split("/").filter(isNotEmpty),
    trailingSlash: path.endsWith("/"),
    query: question < 0 ? "" : local.slice(question + 1),
  };
}

/** Segments as text: empty, or with a leading slash. */
export function pathOf(segments: readonly string[]): string {
  return segments.length === 0 ? "" : `/${segments.join("/")}`;
}

/** A path below a route as text: empty, or with a leading slash. */
export function pathBelow(below: readonly string[], { trailingSlash }: RequestTarget): string {
  return pathOf(below) + (trailingSlash ? "/" : "");
}

/** The host that a request asks for, with its port, as it came: that of its target beats the header (RFC 9112 3.2.2). */
export function askedHost(url: string, hostHeader: string | undefined): string {
  const absolute = url.startsWith("/") ? null : absoluteForm.exec(url);
  return absolute?.[1] ?? hostHeader ?? "";
}

/** Without port and final dot; undefined for what is no host. */
function hostOf(text: string): string | undefined {
  if (plainHost.test(text)) return text;
  return hostForm.exec(text)?.[1]?.replace(/\.$/, "");
}

function isNotEmpty(segment: string): boolean {
  return segment !== "";
}

function isSafePath(path: string): boolean {
  if (!path.startsWith("/") || path.includes("\\")) return false;
  if (badEscape.test(path) || encodedControl.test(path)) return false;
  return isUtf8(path) && !hasDotSegment(path);
}

/** Whether the escapes are UTF-8. What is overlong (`%c1%a1` for `a`) or half a character some servers take for another. */
function isUtf8(path: string): boolean {
  if (!path.includes("%")) return true;
  try {
    decodeURIComponent(path);
    return true;
  } catch {
    return false;
  }
}

/** Also `%2e`, dots between encoded slashes, and `..;x`, which some servers take for `..`. */
function hasDotSegment(path: string): boolean {
  if (!path.includes(".") && !path.includes("%")) return false;
  const seen = path.replace(/%2e/gi, ".").replace(/%2f|%5c/gi, "/");
  return seen.split("/").some((segment) => /^\.\.?(?:;|$)/.test(segment));
}
