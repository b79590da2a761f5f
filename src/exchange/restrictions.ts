import { type Fields, fieldsOf, flagOf, listOf, refuse, textOf } from "./fields.ts";

/**
 * Fields that keep callers or requests out and that Gitway has nothing for: a definition that sets one is
 * refused, since without it more would be let in (Dashboard facts 2.2).
 */
export function refuseRestrictions(given: Fields): void {
  refuseFlags(given, always);
  refuseOtherMiddleware(fieldsOf(given, "custom_middleware"));
  // An open definition asks nobody who they are, whatever else it says.
  if (flagOf(given, "use_keyless")) return;
  refuseFlags(given, authentication);
  if (isScript(fieldsOf(fieldsOf(given, "custom_middleware"), "auth_check")))
    refuse(fieldsOf(given, "custom_middleware"), "auth_check", "no-effect", unchecked);
}

/** The extended paths that do the same; a disabled entry does nothing. */
export function refuseRestrictedPaths(extended: Fields): void {
  for (const [name, flaw] of pathLists)
    if (listOf(extended, name).some((entry) => !flagOf(entry, "disabled")))
      refuse(extended, name, "no-effect", flaw);
}

/** Where a flag is, as a dotted path, and what to say to who sets it. */
type Row = readonly [path: string, flaw: string];

const unchecked = "is not supported: no caller could be checked. Use tokens, or a proxy in front";

const always: readonly Row[] = [
  ["internal", "is not supported: callers from outside would reach it. Set active to false"],
  ["use_mutual_tls_auth", unchecked],
];

const authentication: readonly Row[] = [
  ["enable_jwt", unchecked],
  ["use_openid", unchecked],
  ["external_oauth.enabled", unchecked],
  ["enable_coprocess_auth", unchecked],
  ["custom_plugin_auth_enabled", unchecked],
  ["use_go_plugin_auth", unchecked],
  ["auth.validate_signature", unchecked],
  ["auth.disable_header", "is not supported: the header always works. Leave it out"],
  ["auth_configs.authToken.validate_signature", unchecked],
  ["auth_configs.authToken.disable_header", "is not supported: the header always works. Leave it out"],
];

const pathLists: readonly Row[] = [
  ["internal", "is not supported: list the paths in black_list"],
  ["size_limits", "is not supported: set global_size_limit of the version"],
  ["rate_limit", "is not supported: set global_rate_limit"],
  ["validate_json", "is not supported: check bodies in a script"],
  ["validate_request", "is not supported: check requests in middleware"],
  ["go_plugin", "is not supported: use middleware in JavaScript"],
];

function refuseFlags(given: Fields, rows: readonly Row[]): void {
  for (const [path, flaw] of rows) {
    const names = path.split(".");
    const home = names.slice(0, -1).reduce(fieldsOf, given);
    const name = names.at(-1) ?? "";
    if (flagOf(home, name)) refuse(home, name, "no-effect", flaw);
  }
}

/** Middleware of which nobody knows whom it would have refused. */
function refuseOtherMiddleware(home: Fields): void {
  const driver = textOf(home, "driver") ?? "";
  const lists = scriptDrivers.has(driver) ? ["post_key_auth"] : ["pre", "post", "post_key_auth"];
  for (const list of lists)
    if (listOf(home, list).some(isScript))
      refuse(home, list, "no-effect", list === "post_key_auth" ? "is not supported: use post" : otherDriver);
}

/** The drivers whose middleware are JavaScript files. */
export const scriptDrivers: ReadonlySet<string> = new Set(["", "otto", "javascript"]);
const otherDriver = "is not supported with this driver: write it in JavaScript, with the driver otto";

function isScript(script: Fields): boolean {
  const { name, path } = { name: textOf(script, "name"), path: textOf(script, "path") };
  return !flagOf(script, "disabled") && Boolean(name || path);
}
