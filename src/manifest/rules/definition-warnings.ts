import { framing } from "../../framing.ts";
import type { ApiDefinitionSpec, PathRule } from "../api-definition.generated.ts";
import { type Finding, warning } from "../finding.ts";
import { pointerTo, readable, select, valueAt } from "../pointer.ts";
import { pathListPointers } from "./definition-rules.ts";
import { patternFindings } from "./path-patterns.ts";
import { neverMatches, shadowedEntries } from "./path-shadowing.ts";

/**
 * What is legal in an ApiDefinition but can hardly be meant. The document keeps its schema, and has no
 * defaults filled in: a setting without effect is worth a word only when somebody wrote it.
 */
export function definitionWarnings(document: { readonly spec: ApiDefinitionSpec }): Finding[] {
  const { spec } = document;
  return [
    ...access(spec),
    ...authentication(spec),
    ...addresses(spec),
    ...versions(spec),
    ...withoutProxy(spec),
    ...framedReply(document, "/spec/action/reply"),
    ...dashboardFields(spec),
    ...pathListPointers(document).flatMap((pointer) => pathList(document, pointer)),
  ];
}

function access({ tokens = [], keyless = false, ...spec }: ApiDefinitionSpec): Finding[] {
  if (keyless && tokens.length > 0)
    return [
      warning(
        "/spec/tokens",
        "no-effect",
        "'spec.tokens' has no effect, because the definition is keyless: remove one of the two.",
      ),
    ];
  const open = [spec.paths, ...(spec.versions?.entries ?? []).map((version) => version.paths)];
  if (keyless || tokens.length > 0 || open.some((lists) => (lists?.ignored ?? []).length > 0)) return [];
  return [
    warning("/spec", "nobody-may-call", "Nobody can call this API: list 'tokens', or set 'keyless: true'."),
  ];
}

function authentication({ authentication = {} }: ApiDefinitionSpec): Finding[] {
  return (["basic", "oauth2", "signature"] as const)
    .filter((name) => authentication[name])
    .map((name) =>
      warning(
        `/spec/authentication/${name}`,
        "refuses-all",
        `'spec.authentication.${name}' has no effect yet, except that all callers are refused: remove it to let tokens in.`,
      ),
    );
}

function addresses(spec: ApiDefinitionSpec): Finding[] {
  const { ipAllowList: allowed } = spec;
  if (allowed && (allowed.enabled ?? true) && allowed.addresses.length === 0)
    return [
      warning(
        "/spec/ipAllowList",
        "nobody-may-call",
        "'spec.ipAllowList' is enabled and empty, which admits nobody: add addresses, or remove it.",
      ),
    ];
  return (["ipAllowList", "ipBlockList"] as const)
    .filter((name) => spec[name]?.enabled === false && spec[name].addresses.length > 0)
    .map((name) =>
      warning(
        `/spec/${name}/enabled`,
        "no-effect",
        `'spec.${name}' is not enabled, so that its addresses have no effect: enable it, or remove it.`,
      ),
    );
}

function versions({ versions }: ApiDefinitionSpec): Finding[] {
  if (!versions) return [];
  const findings: Finding[] = [];
  if (versions.location === "path" && versions.key !== undefined)
    findings.push(
      warning(
        "/spec/versions/key",
        "no-effect",
        "'spec.versions.key' has no effect with 'location: path': remove it.",
      ),
    );
  if (versions.fallbackToDefault && versions.default === undefined)
    findings.push(
      warning(
        "/spec/versions/fallbackToDefault",
        "no-effect",
        "'spec.versions.fallbackToDefault' has no effect without 'default': name the default version.",
      ),
    );
  return findings;
}

/** What only a proxy heeds. */
function withoutProxy({ action, limits, batch, versions }: ApiDefinitionSpec): Finding[] {
  if (action.proxy) return [];
  const findings = (versions?.entries ?? []).flatMap(({ targetUrl }, index) => {
    if (targetUrl === undefined) return [];
    const path = `/spec/versions/entries/${index}/targetUrl`;
    const message = `'${readable(path)}' has no effect, because the action is no proxy: remove it, or make it one.`;
    return warning(path, "no-effect", message);
  });
  if (action.reply && limits?.responseBody !== undefined && !batch?.enabled)
    findings.push(
      warning(
        "/spec/limits/responseBody",
        "no-effect",
        "'spec.limits.responseBody' has no effect on a reply, which is as long as its body here: remove it.",
      ),
    );
  return findings;
}

/** A reply is as long as its body, and its connection is the endpoint's. */
function framedReply(document: unknown, reply: string): Finding[] {
  return select(document, `${reply}/headers/*`).flatMap(({ pointer }) => {
    const name = pointer.slice(pointer.lastIndexOf("/") + 1);
    if (!framing.has(name.toLowerCase())) return [];
    const message = `The header '${name}' has no effect, because Gitway frames the answer itself: remove it.`;
    return { ...warning(pointer, "no-effect", message), at: "key" };
  });
}

function dashboardFields({ dashboard }: ApiDefinitionSpec): Finding[] {
  const { id: _, api_id: __, ...kept } = dashboard ?? {};
  if (Object.keys(kept).length === 0) return [];
  return [
    warning(
      "/spec/dashboard",
      "no-effect",
      "The fields in 'spec.dashboard' are kept for clients of the Dashboard API, but have no effect otherwise.",
    ),
  ];
}

function pathList(document: unknown, pointer: string): Finding[] {
  const list = (valueAt(document, pointer) ?? []) as readonly PathRule[];
  return [
    ...patternFindings(list, pointer),
    ...shadowedEntries(list, pointer),
    ...list.flatMap((rule, index) =>
      neverMatches(rule) ? emptyMethods(pointerTo(pointer, index, "methods")) : [],
    ),
    ...select(document, `${pointer}/*/methods/*`).flatMap(({ pointer, value }) =>
      valueAt(value, "/action") === "reply" ? framedReply(document, pointer) : unusedReply(pointer, value),
    ),
  ];
}

function emptyMethods(path: string): Finding[] {
  return [
    warning(
      path,
      "never-matches",
      "An entry with an empty 'methods' takes no request: name methods, or remove the field to take all.",
    ),
  ];
}

function unusedReply(pointer: string, value: unknown): Finding[] {
  const unused = ["status", "headers", "body"].filter((name) => valueAt(value, `/${name}`) !== undefined);
  return unused.map((name) =>
    warning(
      pointerTo(pointer, name),
      "no-effect",
      `'${name}' has no effect here without 'action: reply': set that, or remove it.`,
    ),
  );
}
