import { closest, mostSuggestions } from "../closest.ts";
import { grouped } from "../grouped.ts";
import { idClaimsOf, type IdClaim } from "./dashboard-ids.ts";
import type { BrokenManifest, Identity, Kind, Manifest, ManifestSet } from "./manifest.ts";
import { quoteForPeople } from "./pointer.ts";
import type { Place, Problem } from "./problem.ts";
import { type Claim, claimOf, type Reference, referencesOf } from "./references.ts";

type Either = Manifest | BrokenManifest;

/**
 * Checks all manifests of a repository against each other: names and ids, claims, references. There is a
 * problem at each of the places that are at odds. A broken manifest counts as existing, so that one error
 * doesn't lead to others.
 */
export function checkSet(set: ManifestSet): Problem[] {
  const everything: readonly Either[] = [...set.manifests, ...set.broken];
  return [
    ...duplicates(everything, "name"),
    ...duplicates(everything, "id"),
    ...sharedIds(set.manifests),
    ...collisions(set.manifests),
    ...danglingReferences(set.manifests, everything),
  ];
}

function duplicates(all: readonly Either[], field: "name" | "id"): Problem[] {
  return groupsOf(all, (manifest) => `${manifest.kind} ${manifest[field]}`).flatMap((group) => {
    // Objects of the same name have the same id in most cases, which goes without saying.
    if (field === "id" && new Set(group.map(({ name }) => name)).size === 1) return [];
    return pairsOf(group).map(([manifest, other]) =>
      problemAt(
        manifest,
        `/metadata/${field}`,
        `duplicate-${field}`,
        duplicateMessage(field, manifest, placeText(other.place)),
        other,
      ),
    );
  });
}

/** Ids that requests name an object by, in whichever of its fields. */
function sharedIds(manifests: readonly Manifest[]): Problem[] {
  const claims = manifests.flatMap((manifest) => idClaimsOf(manifest).map((claim) => ({ manifest, claim })));
  return groupsOf(claims, ({ manifest, claim }) => `${manifest.kind} ${claim.value}`)
    .filter((group) => new Set(group.map(({ manifest }) => manifest.id)).size > 1)
    .flatMap((group) =>
      pairsOf(group).map(([{ manifest, claim }, other]) => {
        const place = other.manifest.places[other.claim.path] ?? other.manifest.place;
        const description = `${manifest.kind} '${other.manifest.name}' (${placeText(place)})`;
        const message = sharedIdMessage(claim, description);
        return problemAt(manifest, claim.path, "duplicate-id", message, other.manifest);
      }),
    );
}

function collisions(manifests: readonly Manifest[]): Problem[] {
  const claims = manifests.flatMap((manifest) => {
    const claim = claimOf(manifest);
    return claim ? [{ manifest, claim }] : [];
  });
  return groupsOf(claims, ({ claim }) => claim.key).flatMap((group) =>
    pairsOf(group).map(([{ manifest, claim }, other]) => {
      const place = other.manifest.places[other.claim.path] ?? other.manifest.place;
      const description = `ApiDefinition '${other.manifest.name}' (${placeText(place)})`;
      const message = collisionMessage(claim, description);
      return problemAt(manifest, claim.path, "route-in-use", message, other.manifest);
    }),
  );
}

function danglingReferences(manifests: readonly Manifest[], all: readonly Either[]): Problem[] {
  const names = new Map<Kind, Set<string>>();
  for (const { kind, name } of all) names.set(kind, (names.get(kind) ?? new Set()).add(name));
  return manifests
    .flatMap((manifest) => referencesOf(manifest).map((reference) => ({ manifest, reference })))
    .filter(({ reference: { kind, name } }) => !names.get(kind)?.has(name))
    .map(({ manifest, reference }, index) => {
      const candidates = index < mostSuggestions ? (names.get(reference.kind) ?? []) : [];
      const message = danglingMessage(reference, candidates);
      return problemAt(manifest, reference.path, "dangling-reference", message);
    });
}

/** An error about a field of a manifest, at the field's place as far as it is known. `other` is what it clashes with. */
export function problemAt(
  manifest: Either,
  path: string,
  code: string,
  message: string,
  other?: Identity,
): Problem {
  const place = ("places" in manifest ? manifest.places[path] : undefined) ?? manifest.place;
  const { file, line, column, endLine, endColumn } = place;
  const problem = { file, line, column, endLine, endColumn, code, severity: "error", message, path } as const;
  return other ? { ...problem, other: { kind: other.kind, id: other.id, name: other.name } } : problem;
}

/** A place as people and editors write it: `file:line:column`. */
export function placeText({ file, line, column }: Pick<Place, "file" | "line" | "column">): string {
  return `${file}:${line}:${column}`;
}

/** That somebody else holds a claim. The description names them: `ApiDefinition 'x' (file:line:column)`. */
export function collisionMessage(
  claim: Claim,
  otherDescription: string,
  cure = "change one of the two.",
): string {
  const what = claim.path === "/spec/route" ? "route" : "listen path";
  return `The ${what} ${quoteForPeople(claim.text)} takes the same requests as ${otherDescription}: ${cure}`;
}

/** That a reference leads nowhere, with the existing name that may have been meant. */
export function danglingMessage(
  { kind, name }: Pick<Reference, "kind" | "name">,
  candidates: Iterable<string>,
): string {
  const meant = closest(name, candidates);
  const cure = meant ? `did you mean '${meant}'?` : "add it, or remove the reference.";
  return `There is no ${kind} ${quoteForPeople(name)}: ${cure}`;
}

/** That a name or id is taken. The description says by whom, or where: `file:line:column`. */
export function duplicateMessage(
  field: "name" | "id",
  { kind, name, id }: Identity,
  otherDescription: string,
  cure = "give each its own.",
): string {
  const value = quoteForPeople(field === "name" ? name : id);
  return `The ${field} ${value} belongs to another ${kind} too, ${otherDescription}: ${cure}`;
}

/** That another object of the kind answers to an id as well. The description says which, and where. */
export function sharedIdMessage(
  { value, path }: IdClaim,
  otherDescription: string,
  cure = "give each its own.",
): string {
  const field = path === "/spec/dashboard/api_id" ? "api_id" : "id";
  return `The ${field} ${quoteForPeople(value)} is an id of ${otherDescription} too: ${cure}`;
}

function groupsOf<T>(items: readonly T[], keyOf: (item: T) => string): T[][] {
  return [...grouped(items, keyOf).values()].filter((group) => group.length > 1);
}

/** Each member of a group with another one: the first, and for the first the second. */
function pairsOf<T>(group: readonly T[]): (readonly [T, T])[] {
  const [first, second] = group;
  if (first === undefined || second === undefined) return [];
  return group.map((item) => [item, item === first ? second : first] as const);
}
