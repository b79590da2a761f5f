import { isIP } from "node:net";

import { caps } from "../../caps.ts";
import { deniedAddresses } from "../../denied-address.ts";
import { parseDuration, parseSize } from "../../units.ts";
import { readAddress } from "../address.ts";
import { resolveFile } from "../file-reference.ts";
import { type Finding, warning } from "../finding.ts";
import type { Kind } from "../manifest.ts";
import type { ParseOptions } from "../parsed-file.ts";
import { readable, select } from "../pointer.ts";
import { listenPathFlaws, routeFlaws } from "../route.ts";
import { normaliseTimestamp } from "../timestamp.ts";

/** What the rules must know besides the document. */
export interface Surroundings extends ParseOptions {
  /** The path of the manifest file in the repository. */
  readonly file: string;
}

type Rule = (text: string, path: string, surroundings: Surroundings) => readonly Finding[];

/** Where a definition or webhook names files of the repository. */
export const filePaths: Readonly<Record<Kind, readonly string[]>> = {
  ApiDefinition: ["/spec/action/script/file", "/spec/middleware/pre/*/file", "/spec/middleware/post/*/file"],
  ApiToken: [],
  Webhook: ["/spec/template"],
  User: [],
};

/** Where manifests hold moments in time. */
export const timestampPaths: Readonly<Record<Kind, readonly string[]>> = {
  ApiDefinition: ["/spec/expires", "/spec/versions/entries/*/expires"],
  ApiToken: ["/spec/expires"],
  Webhook: [],
  User: [],
};

const definitionRules: readonly (readonly [string, Rule])[] = [
  ["/spec/route", checkRoute],
  ["/spec/listenPath", checkListenPath],
  ["/spec/ipAllowList/addresses/*", checkAddress],
  ["/spec/ipBlockList/addresses/*", checkAddress],
];

const urlRules: Readonly<Record<Kind, readonly string[]>> = {
  ApiDefinition: [
    "/spec/action/proxy/targetUrl",
    "/spec/action/proxy/targets/*",
    "/spec/versions/entries/*/targetUrl",
  ],
  ApiToken: [],
  Webhook: ["/spec/url"],
  User: [],
};

type Quantity = keyof typeof caps;

/** Fields that can ask for so much at the most. */
const capped: Readonly<Record<Kind, readonly (readonly [string, Quantity])[]>> = {
  ApiDefinition: [
    ["/spec/action/proxy/timeout", "timer"],
    ["/spec/action/proxy/idleTimeout", "timer"],
    ["/spec/action/script/timeout", "scriptTimeout"],
    ["/spec/action/script/memory", "scriptMemory"],
    ["/spec/rateLimit/window", "limitWindow"],
  ],
  ApiToken: [
    ["/spec/rateLimit/window", "limitWindow"],
    ["/spec/quota/window", "limitWindow"],
  ],
  Webhook: [["/spec/timeout", "webhookTimeout"]],
  User: [],
};

/** No field here may be longer, which the schema says; some rules would take long over such a text. */
const enough = 2100;
/** How many errors of one rule are worth finding. */
const mostErrors = 200;

/** Checks the texts of which a schema can say only the type. The document may break its schema. */
export function fieldFindings(kind: Kind, document: unknown, surroundings: Surroundings): Finding[] {
  const rules: (readonly [string, Rule])[] = [
    ...(kind === "ApiDefinition" ? definitionRules : []),
    ...filePaths[kind].map((path) => [path, checkFile] as const),
    ...timestampPaths[kind].map((path) => [path, checkTimestamp] as const),
    ...urlRules[kind].map((path) => [path, checkUrl] as const),
    ...capped[kind].map(([path, quantity]) => [path, capRule(quantity)] as const),
  ];
  return rules.flatMap(([pattern, rule]) => {
    const findings: Finding[] = [];
    let errors = 0;
    for (const { pointer, value } of select(document, pattern)) {
      if (typeof value !== "string" || value === "") continue;
      const found = rule(value.slice(0, enough), pointer, surroundings);
      findings.push(...found);
      errors += found.filter(({ severity }) => severity !== "warning").length;
      if (errors >= mostErrors) break;
    }
    return findings;
  });
}

function checkRoute(route: string, path: string): Finding[] {
  return routeFlaws(route).map(({ code, message }) => error(path, code, message));
}

function checkListenPath(listenPath: string, path: string, { routeBase }: Surroundings): Finding[] {
  return listenPathFlaws(listenPath, routeBase).map(({ code, message }) => error(path, code, message));
}

function checkAddress(text: string, path: string): Finding[] {
  const address = readAddress(text);
  if (!address.ok) return [error(path, "invalid-address", address.reason)];
  if (!address.hostBits) return [];
  const message = `'${readable(path)}' has bits set beyond its prefix length, which are ignored: write the first address of the range.`;
  return [warning(path, "address-host-bits", message)];
}

function checkTimestamp(text: string, path: string): Finding[] {
  if (normaliseTimestamp(text) !== undefined) return [];
  return [
    error(
      path,
      "invalid-timestamp",
      "must be a moment in UTC that exists, such as 2027-01-31T12:00:00Z or '2027-01-31 12:00'",
    ),
  ];
}

function checkFile(text: string, path: string, { file }: Surroundings): Finding[] {
  const referenced = resolveFile(file, text);
  return referenced.ok ? [] : [error(path, "invalid-file", referenced.reason)];
}

function checkUrl(text: string, path: string, surroundings: Surroundings): Finding[] {
  if (!/^https?:\/\//.test(text)) return [];
  if (!URL.canParse(text))
    return [
      error(path, "invalid-format", "must be an absolute http or https URL with a valid host and port"),
    ];
  const url = new URL(text);
  if (url.username === "" && url.password === "") return checkTarget(url, path, surroundings);
  const message =
    "must hold no user name and no password: they are not sent, and a secret must not get into the repository";
  return [error(path, "secret-in-url", message)];
}

function checkTarget({ hostname }: URL, path: string, { targets }: Surroundings): Finding[] {
  const host = hostname.replace(/^\[|\]$/g, "");
  if (isIP(host) === 0 || !deniedAddresses(targets)(host)) return [];
  const message = `'${readable(path)}' leads to ${host}, which is never reached: choose another target, or allow the address with the option 'targets.allow'.`;
  return [warning(path, "denied-target", message)];
}

function capRule(quantity: Quantity): Rule {
  const cap = caps[quantity];
  const parse = quantity === "scriptMemory" ? parseSize : parseDuration;
  return (text, path) => {
    if (!/^\d+(ms|s|m|h|d|B|KiB|MiB)$/.test(text) || parse(text) <= parse(cap)) return [];
    const message = `'${readable(path)}' asks for more than there can be, and counts as ${cap}: write that, or less.`;
    return [warning(path, "capped", message)];
  };
}

function error(path: string, code: string, message: string): Finding {
  return { path, code, message: `'${readable(path)}' ${message}.` };
}
