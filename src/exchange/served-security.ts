import type { ApiDefinitionSpec } from "../manifest/api-definition.generated.ts";
import type { JsonObject } from "./json-object.ts";

/** Collects the places that tokens are read from, each under a name of its own. */
export interface SecurityBook {
  /** What a call needs: a token in one of the places. */
  requirementsOf(spec: ApiDefinitionSpec): readonly JsonObject[];
  schemes(): readonly (readonly [string, JsonObject])[];
}

/** A new, empty book. */
export function securityBook(): SecurityBook {
  const names = new Map<string, string>();
  const schemes = new Map<string, JsonObject>();
  return {
    schemes: () => [...schemes],
    requirementsOf: (spec) =>
      placesOf(spec).map((scheme) => {
        const key = JSON.stringify(scheme);
        const name = names.get(key) ?? (names.size === 0 ? "token" : `token${names.size + 1}`);
        names.set(key, name);
        schemes.set(name, scheme);
        return { [name]: [] };
      }),
  };
}

function placesOf({ authentication = {} }: ApiDefinitionSpec): JsonObject[] {
  const { header = "Authorization", queryParameter, cookie } = authentication;
  const bearer = { type: "http", scheme: "bearer" };
  const places = [
    header.toLowerCase() === "authorization" ? bearer : { type: "apiKey", in: "header", name: header },
    queryParameter === undefined ? null : { type: "apiKey", in: "query", name: queryParameter },
    cookie === undefined ? null : { type: "apiKey", in: "cookie", name: cookie },
  ];
  return places.filter((place) => place !== null);
}
