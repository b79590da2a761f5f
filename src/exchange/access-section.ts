import { readAddress } from "../manifest/address.ts";
import type {
  ApiDefinitionSpec,
  Authentication,
  IpAllowList,
  RateLimit,
} from "../manifest/api-definition.generated.ts";
import { type Fields, fieldsOf, flagOf, numberOf, refuse, textOf, textsOf } from "./fields.ts";
import { type JsonObject, saidFields } from "./json-object.ts";
import { durationOf, secondsOf } from "./seconds.ts";

const defaultHeader = "Authorization";
/** As the Dashboard API writes it. */
const usualHeader = "authorization";

/** Where tokens are looked for, and the other kinds of authentication, which refuse all callers. */
export function readAuthentication(given: Fields): Authentication {
  const auth = fieldsOf(given, "auth");
  const written = textOf(auth, "auth_header_name") || usualHeader;
  const header = written.toLowerCase() === usualHeader ? defaultHeader : written;
  const fallback = header === defaultHeader ? usualHeader : header;
  return saidFields<Authentication>({
    header,
    queryParameter: flagOf(auth, "use_param") ? textOf(auth, "param_name") || fallback : undefined,
    cookie: flagOf(auth, "use_cookie") ? textOf(auth, "cookie_name") || fallback : undefined,
    basic: flagOf(given, "use_basic_auth"),
    oauth2: flagOf(given, "use_oauth2"),
    signature: flagOf(given, "enable_signature_checking"),
  });
}

/** The field `auth`. */
export function writeAuth({ authentication = {} }: Partial<ApiDefinitionSpec>): JsonObject {
  const { header = defaultHeader, queryParameter, cookie } = authentication;
  return {
    auth_header_name: header === defaultHeader ? usualHeader : header,
    ...(queryParameter === undefined ? {} : { use_param: true, param_name: queryParameter }),
    ...(cookie === undefined ? {} : { use_cookie: true, cookie_name: cookie }),
  };
}

/** The lists of addresses. One that is off may hold anything (Dashboard facts 2.5). */
export function readAddressLists(given: Fields): Pick<ApiDefinitionSpec, "ipAllowList" | "ipBlockList"> {
  return {
    ipAllowList: readAddressList(given, "enable_ip_whitelisting", "allowed_ips"),
    ipBlockList: readAddressList(given, "enable_ip_blacklisting", "blacklisted_ips"),
  };
}

function readAddressList(given: Fields, flag: string, list: string): IpAllowList {
  const enabled = flagOf(given, flag);
  const written = textsOf(given, list);
  const wrong = written.filter((text) => !readAddress(text).ok);
  if (enabled)
    for (const text of wrong)
      refuse(given, list, "invalid-address", `invalid IP/CIDR ${JSON.stringify(text.slice(0, 80))}`);
  return { enabled, addresses: written.filter((text) => !wrong.includes(text)) };
}

/** The fields of the block list, for a definition that has one. */
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
