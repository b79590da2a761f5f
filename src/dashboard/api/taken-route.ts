import { isObject, type JsonObject } from "../../exchange/json-object.ts";
import { collisionMessage } from "../../manifest/check-set.ts";
import { impliedMatch } from "../../manifest/normalise.ts";
import { claimOf } from "../../manifest/references.ts";
import type { Catalogue, CatalogueEntry } from "../catalogue.ts";
import type { Flaw } from "./reasons.ts";

/**
 * That a live definition has the route which a request wants, to be told together with what is wrong with its
 * form. Of a spec that does not hold, so much may be missing that nothing can be said.
 */
export function takenRoute(
  { definitions }: Catalogue,
  draft: JsonObject,
  own: CatalogueEntry | null,
): readonly Flaw[] {
  const claim = claimOfDraft(draft);
  const holder = definitions.find((entry) => entry !== own && claimOf(entry.object)?.key === claim?.key);
  if (!claim || !holder) return [];
  const { kind, id, name, path, line } = holder.object;
  const message = collisionMessage(claim, `${kind} '${name}' (${path}:${line})`);
  return [{ code: "route-in-use", message, path: claim.path, other: { kind, id, name } }];
}

function claimOfDraft({ route, listenPath, domain, match, action }: JsonObject) {
  const address = textField("route", route) ?? textField("listenPath", listenPath);
  if (!address) return null;
  const spec = { action: isObject(action) ? action : {}, ...address, ...textField("domain", domain) };
  const meant = match === "exact" || match === "prefix" ? match : impliedMatch(spec);
  return claimOf({ kind: "ApiDefinition", spec: { ...spec, match: meant } });
}

function textField<Name extends string>(name: Name, value: unknown): Record<Name, string> | undefined {
  return typeof value === "string" ? ({ [name]: value } as Record<Name, string>) : undefined;
}
