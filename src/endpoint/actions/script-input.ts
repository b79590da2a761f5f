import type { ScriptInput } from "../../../schemas/script.d.ts";
import type { Call } from "../call.ts";
import { visibleHeaders, visiblePath, visibleQuery } from "../http/visible-request.ts";
import type { Script } from "./script-definition.ts";

/** The content types that a script takes (UD-APIs 2.1). */
const contentTypes = new Set(["application/json", "application/xml", "text/xml", "text/plain"]);
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

/** The arguments of a script as JSON, without what is made of the body. With `run` that is all there is. */
export function scriptArguments(call: Call, script: Script): string {
  return JSON.stringify(script.input === "run" ? [] : [scriptInput(call)]);
}

function scriptInput(call: Call): Omit<ScriptInput, "rawBody"> {
  return {
    method: call.request.method ?? "",
    route: call.routeSegments?.join("/") ?? call.rest.replace(/^\//, ""),
    path: visiblePath(call),
    routeParameters: call.parameters,
    query: visibleQuery(call),
    headers: visibleHeaders(call),
    parameters: {},
    clientAddress: call.clientAddress,
    tokenId: call.caller?.tokenId ?? null,
    tokenName: call.caller?.tokenName ?? null,
  };
}
