import { readAddress as readClientAddress } from "../manifest/address.ts";
import type { ApiDefinitionSpec, Authentication, RateLimit } from "../manifest/api-definition.generated.ts";
import { type Fields, fieldsOf, flagOf, numberOf, refuse, textOf, textsOf } from "./fields.ts";
import { type JsonObject, saidFields } from "./json-object.ts";
import { durationOf, secondsOf } from "./seconds.ts";

const defaultHeader = "Authorization";

/** Where tokens are looked for, and the other kinds of authentication, which refuse all callers. */
export function readAuthentication(given: Fields): Authentication {
  const auth = fieldsOf(given, "auth");
  const written = textOf(auth, "auth_header_name") || defaultHeader;
  const header = written.toLowerCase() === defaultHeader.toLowerCase() ? defaultHeader : written;
  return saidFields<Authentication>({
    header,
    queryParameter: flagOf(auth, "use_param") ? textOf(auth, "param_name") || written : undefined,
    cookie: flagOf(auth, "use_cookie") ? textOf(auth, "cookie_name") || written : undefined,
    basic: flagOf(given, "use_basic_auth"),
    oauth2: flagOf(given, "use_oauth2"),
    signature: flagOf(given, "enable_signature_checking"),
  });
}

/** The field `auth`. The usual header is written as the Dashboard API does, in lower case. */
export function writeAuth({ authentication = {} }: Partial<ApiDefinitionSpec>): JsonObject {
  const { header = defaultHeader, queryParameter, cookie } = authentication;
  return {
    auth_header_name: header === defaultHeader ? defaultHeader.toLowerCase() : header,
    ...(queryParameter === undefined ? {} : { use_param: true, param_name: queryParameter }),
    ...(cookie === undefined ? {} : { use_cookie: true, cookie_name: cookie }),
  };
}

/** The fields of the two lists of addresses: the flag, and the addresses. */
const addressLists = {
  ipAllowList: ["enable_ip_whitelisting", "allowed_ips"],
  ipBlockList: ["enable_ip_blacklisting", "blacklisted_ips"],
} as const;

/** The addresses that are let in, or kept out. A list that is off may hold anything (Dashboard facts 2.5). */
export function readAddresses(
  given: Fields,
  list: keyof typeof addressLists,
): ApiDefinitionSpec["ipAllowList"] {
  const [flag, field] = addressLists[list];
  const enabled = flagOf(given, flag);
  const written = textsOf(given, field);
  const wrong = written.filter((text) => !readClientAddress(text).ok);
  if (enabled)
    for (const text of wrong)
      refuse(given, field, "invalid-address", `invalid IP/CIDR ${JSON.stringify(text.slice(0, 80))}`);
  return { enabled, addresses: written.filter((text) => !wrong.includes(text)) };
}

/** The fields of the list of addresses that are kept out, for a definition that has one. */
export function writeBlockList({ ipBlockList }: Partial<ApiDefinitionSpec>): JsonObject {
  if (!ipBlockList) return {};
  const { enabled = true, addresses } = ipBlockList;
  return { enable_ip_blacklisting: enabled, blacklisted_ips: addresses };
}

/** The limit of the API as a whole; none when it is switched off or zero. */
export function readRateLimit(given: Fields): RateLimit | undefined {
  const limit = fieldsOf(given, "global_rate_limit");
  if (flagOf(limit, "disabled") || flagOf(given, "disable_rate_limit")) return undefined;
  const [rate, window] = [numberOf(limit, "rate") ?? 0, durationOf(numberOf(limit, "per") ?? 0)];
  return rate > 0 && window !== undefined ? { limit: rate, window } : undefined;
}

/** The field `global_rate_limit`, for a definition that has a limit. */
export function writeRateLimit({ rateLimit }: Partial<ApiDefinitionSpec>): JsonObject {
  if (!rateLimit) return {};
  return { global_rate_limit: { rate: rateLimit.limit, per: secondsOf(rateLimit.window) } };
}
