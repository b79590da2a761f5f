import { objectKey } from "../manifest/manifest.ts";
import type { Held } from "../plan/plan.ts";
import type { SyncStatus } from "../store/store.ts";
import { type PassParts, preparePlan } from "./pass.ts";
import { applyNow } from "./suspended.ts";

/** What an operator consents to: deletions that wait, as the status showed them, or some of them by name. */
export interface ConsentRequest {
  /** The commit of the status that the operator looked at; null for whatever it is. */
  readonly commit: string | null;
  /** Null for all that the status shows. */
  readonly objects: readonly { readonly kind: string; readonly name: string }[] | null;
}

/** What became of a consent. */
export type ConsentOutcome =
  | { readonly status: "given"; readonly sync: SyncStatus }
  | { readonly status: "refused"; readonly message: string };

/**
 * Lets deletions through that wait. What began to wait since the operator looked is not meant: then nothing
 * happens, and the refusal says what is different.
 */
export async function consentToHeld(parts: PassParts, request: ConsentRequest): Promise<ConsentOutcome> {
  const status = await parts.store.readSync();
  const { held } = (await preparePlan(parts)).plan;
  const meant = meantBy(request, status, held);
  if (typeof meant === "string") return { status: "refused", message: meant };
  const unproven = meant.find(({ code }) => code === "absence-unproven");
  if (unproven) return { status: "refused", message: `${titleOf(unproven)} can't go. ${unproven.reason}` };
  const consents = new Set(meant.map(objectKey));
  return { status: "given", sync: (await applyNow({ ...parts, consents })).status };
}

/** The deletions that are meant, or why that can't be said. */
function meantBy(
  { commit, objects }: ConsentRequest,
  status: SyncStatus | null,
  held: readonly Held[],
): readonly Held[] | string {
  const seen = status?.attempted?.commit ?? null;
  if (commit !== null && commit !== seen)
    return `The status is of commit ${seen ?? "none"} now, not of ${commit.slice(0, 64)}: look again at what waits.`;
  if (objects === null) {
    const difference = differenceOf(status?.held ?? [], held);
    return difference === null
      ? held
      : `What waits has changed: ${difference}. Look again, and repeat the consent.`;
  }
  const names = new Set(objects.map(titleOf));
  const meant = held.filter((each) => names.has(titleOf(each)));
  const found = new Set(meant.map(titleOf));
  const missing = [...names].find((name) => !found.has(name));
  return missing === undefined ? meant : `${missing.slice(0, 100)} does not wait to be deleted: look again.`;
}

function differenceOf(before: readonly Held[], now: readonly Held[]): string | null {
  const [old, fresh] = [new Set(before.map(objectKey)), new Set(now.map(objectKey))];
  const arrived = now.filter((each) => !old.has(objectKey(each))).map(titleOf);
  const gone = before.filter((each) => !fresh.has(objectKey(each))).map(titleOf);
  const parts = [
    ...(arrived.length > 0 ? [`${listed(arrived)} came to it`] : []),
    ...(gone.length > 0 ? [`${listed(gone)} waits no more`] : []),
  ];
  return parts.length === 0 ? null : parts.join(", and ");
}

/** So many are named; the others are counted. */
const mostNamed = 10;

function listed(names: readonly string[]): string {
  const more = names.length - mostNamed;
  return names.slice(0, mostNamed).join(", ") + (more > 0 ? ` and ${more} more` : "");
}

function titleOf({ kind, name }: { readonly kind: string; readonly name: string }): string {
  return `${kind} '${name}'`;
}
