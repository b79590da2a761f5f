import { messageOf, outcomeOf } from "../errors.ts";
import { type Identity, type ManifestSet, objectKey } from "../manifest/manifest.ts";
import type { Suspension } from "../store/store.ts";
import { passInTurn, type PassParts, type PassResult } from "./pass.ts";

/** What is to be live: an object with this content, or none when the hash is null. */
export interface WantedState extends Identity {
  readonly hash: string | null;
}

/** What a commit says of the objects with these kinds and names; those that it does not have are to be gone. */
export function statesIn(set: ManifestSet, objects: readonly Identity[]): WantedState[] {
  return objects.map((object) => {
    const { kind, name } = object;
    const found = set.manifests.findLast((manifest) => manifest.kind === kind && manifest.name === name);
    return { kind, name, id: found?.id ?? object.id, hash: found?.hash ?? null };
  });
}

/**
 * Reconciles, and says in sentences what keeps objects from being live as wanted; null when nothing does. For whoever
 * has the turn.
 */
export async function bringLive(parts: PassParts, wanted: readonly WantedState[]): Promise<string | null> {
  const pass = await tryPass(parts);
  try {
    const missing = await notLive(parts, wanted);
    if (missing.length === 0) return null;
    if (pass.failure !== null) return pass.failure;
    const { suspension } = pass.result;
    if (suspension) return waitsFor(suspension);
    return missing.map((state) => whyNot(state, pass.result)).join(" ");
  } catch (error) {
    return pass.failure ?? messageOf(error);
  }
}

/** The objects that are not live as wanted. */
export async function notLive(
  { store }: Pick<PassParts, "store">,
  wanted: readonly WantedState[],
): Promise<readonly WantedState[]> {
  const missing: WantedState[] = [];
  for (const state of wanted) {
    const [live] = await store.objects(state.kind, state.name);
    if ((live?.hash ?? null) !== state.hash) missing.push(state);
  }
  return missing;
}

type Tried =
  | { readonly failure: null; readonly result: PassResult }
  | { readonly failure: string; readonly result: null };

async function tryPass(parts: PassParts): Promise<Tried> {
  try {
    return { failure: null, result: await passInTurn(parts) };
  } catch (error) {
    parts.log[outcomeOf(error).level]({ err: error }, "the pass after an edit failed");
    return { failure: messageOf(error), result: null };
  }
}

function waitsFor({ by }: Suspension): string {
  return `It goes live once reconciling is resumed, which ${by.name} has just suspended.`;
}

function whyNot(state: WantedState, { plan }: PassResult): string {
  const what = titleOf(state);
  const quarantined = plan.quarantined.find((entry) => objectKey(entry) === objectKey(state));
  const [problem] = quarantined?.problems ?? [];
  if (problem) return `${what} is quarantined: ${problem.file}:${problem.line} ${problem.message}`;
  const held = plan.held.find((entry) => objectKey(entry) === objectKey(state));
  if (held) return `${what} is held: ${held.reason}`;
  return `${what} is another now: commit ${plan.commit.slice(0, 12)} changed it again.`;
}

function titleOf({ kind, name }: Pick<Identity, "kind" | "name">): string {
  return `${kind} '${name}'`;
}
