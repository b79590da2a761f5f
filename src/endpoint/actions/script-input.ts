import type { ScriptInput } from "../../../schemas/script.d.ts";
import type { Call } from "../call.ts";
import type { Refusal } from "../endpoint-error.ts";
import { visibleHeaders, visiblePath, visibleQuery } from "../http/visible-request.ts";
import { hasFewParts } from "../json-parts.ts";
import type { Script } from "./script-definition.ts";

/** The content types that a script takes (UD-APIs 2.1). */
const contentTypes = new Set(["application/json", "application/xml", "text/xml", "text/plain"]);
/** Members that the body of a dictionary may have. */
const mostParameters = 10_000;
const charsets = new Set(["utf-8", "utf8", "us-ascii"]);

/** Whether a script can read a body with these headers. Without a content type it must be empty. */
export function isReadable(headers: Call["request"]["headers"], size: number): boolean {
  const encoding = headers["content-encoding"] ?? "identity";
  const [type = "", ...parameters] = (headers["content-type"] ?? "").split(";").map((part) => part.trim());
  if (encoding.toLowerCase() !== "identity") return false;
  if (type === "") return size === 0;
  const charset = parameters.map((parameter) => /^charset="?([^"]*)"?$/i.exec(parameter)?.[1]).find(Boolean);
  return (
    contentTypes.has(type.toLowerCase()) && (charset === undefined || charsets.has(charset.toLowerCase()))
  );
}

/** The parameters in a body, or why it has none. */
export function readParameters(
  script: Script,
  body: string,
): { readonly parameters: Readonly<Record<string, string>> } | Refusal {
  if (script.input === "raw") return { parameters: {} };
  const parameters = body.trim() === "" && script.input === "run" ? {} : flatObject(body);
  if (!parameters) return { code: 10 };
  const missing = script.parameters.filter((name) => !Object.hasOwn(parameters, name));
  if (script.input !== "run" || missing.length === 0) return { parameters };
  return { code: 16, missingScriptParameters: missing };
}

/** The arguments of a script, as JSON; the raw body goes apart. With `run` it is the parameters alone. */
export function scriptArguments(
  call: Call,
  script: Script,
  parameters: Readonly<Record<string, string>>,
): string {
  return JSON.stringify([script.input === "run" ? parameters : scriptInput(call, parameters)]);
}

function scriptInput(call: Call, parameters: Readonly<Record<string, string>>): Omit<ScriptInput, "rawBody"> {
  return {
    method: call.request.method ?? "",
    route: call.routeSegments?.join("/") ?? call.rest.replace(/^\//, ""),
    path: visiblePath(call),
    routeParameters: call.parameters,
    query: visibleQuery(call),
    headers: visibleHeaders(call),
    parameters,
    clientAddress: call.clientAddress,
    tokenId: call.caller?.tokenId ?? null,
    tokenName: call.caller?.tokenName ?? null,
  };
}

/** Strings as they are, numbers and booleans as JSON writes them; anything else is not flat. */
function flatObject(text: string): Record<string, string> | null {
  const value = hasFewParts(text, mostParameters) ? parseJson(text) : undefined;
  if (typeof value !== "object" || value === null || Array.isArray(value)) return null;
  const entries = Object.entries(value);
  if (!entries.every(([, item]) => ["string", "number", "boolean"].includes(typeof item))) return null;
  return Object.fromEntries(entries.map(([name, item]) => [name, String(item)]));
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
