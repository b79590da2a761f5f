import type { Middleware, MiddlewareScript } from "../manifest/api-definition.generated.ts";
import { type Fields, fieldsOf, flagOf, listOf, textOf } from "./fields.ts";
import type { JsonObject } from "./json-object.ts";
import { scriptDrivers } from "./restrictions.ts";

/** `custom_middleware`: `path` names a file of the repository, `name` the function in it. */
export function readMiddleware(given: Fields): Middleware {
  const home = fieldsOf(given, "custom_middleware");
  if (!scriptDrivers.has(textOf(home, "driver") ?? "")) return {};
  return { pre: readScripts(home, "pre"), post: readScripts(home, "post") };
}

function readScripts(home: Fields, list: "pre" | "post"): MiddlewareScript[] {
  return listOf(home, list)
    .filter((script) => !flagOf(script, "disabled"))
    .map((script) => ({
      file: textOf(script, "path") ?? "",
      function: textOf(script, "name") || "default",
    }));
}

/** The field `custom_middleware`. */
export function writeMiddleware({ pre = [], post = [] }: Middleware = {}): JsonObject {
  return { pre: pre.map(writeScript), post: post.map(writeScript) };
}

function writeScript({ file, function: name = "default" }: MiddlewareScript): JsonObject {
  return { name, path: file, require_session: false };
}
