import { deriveId } from "../../../src/manifest/identity.ts";
import {
  objectKey,
  type BrokenManifest,
  type Kind,
  type Manifest,
  type ManifestSet,
} from "../../../src/manifest/manifest.ts";
import type { Problem } from "../../../src/manifest/problem.ts";
import { makePlan, type PlanInput } from "../../../src/plan/make-plan.ts";
import type { CurrentState, Plan, StoredObject } from "../../../src/plan/plan.ts";
import { storedFrom } from "../../../src/plan/stored-object.ts";

/** A definition that replies with `body` on a route. */
export function definition(
  name: string,
  route: string,
  extra: { body?: string; tokens?: string[]; id?: string; file?: string; apiId?: string } = {},
): Manifest {
  const { body = "ok", tokens = [], id, file = `apis/${name}.yaml`, apiId } = extra;
  return manifest("ApiDefinition", name, file, id, {
    route,
    match: "exact",
    tokens,
    events: [],
    action: { reply: { status: 200, body } },
    ...(apiId === undefined ? {} : { dashboard: { api_id: apiId } }),
  });
}

export function token(
  name: string,
  extra: { description?: string; id?: string; file?: string } = {},
): Manifest {
  const { description = "", id, file = `apis/${name}.yaml` } = extra;
  return manifest("ApiToken", name, file, id, { description, secret: { generate: true } });
}

export function user(
  name: string,
  extra: { displayName?: string; id?: string; file?: string; emails?: string[] } = {},
): Manifest {
  const { displayName = name, id, file = `apis/${name}.yaml`, emails = [] } = extra;
  return manifest("User", name, file, id, { displayName, emails, permissions: [], active: true });
}

export function broken(kind: Kind, name: string, id?: string, file = `apis/${name}.yaml`): BrokenManifest {
  const place = placeIn(file);
  return { kind, name, id: id ?? deriveId(kind, name), place, problems: [problem(place.file)] };
}

export function problem(file: string): Problem {
  return { ...placeIn(file), code: "syntax", severity: "error", message: "broken", path: "" };
}

export function set(parts: Partial<ManifestSet>): ManifestSet {
  return { manifests: [], broken: [], unidentified: [], warnings: [], ...parts };
}

export const nothing: CurrentState = { revision: 0, origin: null, objects: [] };

export function planFor(current: CurrentState, desired: ManifestSet, options: Partial<PlanInput> = {}): Plan {
  return makePlan({
    set: desired,
    current,
    commit: "c".repeat(40),
    origin: "here",
    pruneLimit: { objects: 3, share: 0.25 },
    allowPrune: false,
    trailer: false,
    ...options,
  });
}

/** What the store is meant to do with a plan. */
export function applied(current: CurrentState, plan: Plan): CurrentState {
  const objects = new Map(current.objects.map((object) => [objectKey(object), object]));
  const commit = "b".repeat(40);
  let newest = current.objects.reduce((most, { version }) => Math.max(most, version), 0);
  for (const change of plan.changes) {
    if (change.after)
      objects.set(
        objectKey(change),
        storedFrom(change.after, { version: ++newest, commit, origin: plan.origin }),
      );
    else objects.delete(objectKey(change));
  }
  const seen = new Map(plan.sightings.map((sighting) => [sighting.version, sighting]));
  const whereSeen = (object: StoredObject) => ({ ...object, ...seen.get(object.version) });
  return {
    revision: current.revision + 1,
    origin: plan.origin,
    objects: [...objects.values()].map(whereSeen),
  };
}

/** The state after the manifests went live. */
export function live(...manifests: Manifest[]): CurrentState {
  return applied(nothing, planFor(nothing, set({ manifests })));
}

function manifest(kind: Kind, name: string, file: string, id: string | undefined, spec: object): Manifest {
  const parts = { kind, id: id ?? deriveId(kind, name), name, labels: {}, annotations: {}, spec, files: {} };
  return { ...parts, hash: JSON.stringify(parts), place: placeIn(file), places: {} } as unknown as Manifest;
}

function placeIn(file: string) {
  return { file, line: 1, column: 1, endLine: 1, endColumn: 2 };
}
