import type { Store } from "../store/store.ts";
import { suspendedError } from "../store/suspension.ts";
import { type PassParts, type PassResult, runPass } from "./pass.ts";

const longestReason = 500;

/** A pass that is meant to apply: where the loop would only look, because reconciling is suspended, it fails. */
export async function applyNow(parts: PassParts): Promise<PassResult> {
  await refuseWhileSuspended(parts.store);
  const result = await runPass(parts);
  if (result.suspension) throw suspendedError(result.suspension);
  return result;
}

/** Fails with `suspended` while reconciling is. That can be otherwise a moment later: an apply looks again. */
export async function refuseWhileSuspended(store: Pick<Store, "suspension">): Promise<void> {
  const suspension = await store.suspension();
  if (suspension) throw suspendedError(suspension);
}

/** What somebody gives as a reason to suspend, null for none; or what is wrong with it. */
export function readReason(given: string): { readonly reason: string | null } | { readonly problem: string } {
  const reason = given.trim();
  if (reason.length > longestReason || /[\p{Cc}\p{Zl}\p{Zp}\p{Surrogate}]/u.test(reason))
    return { problem: `A reason is a line of text, of ${longestReason} characters at most.` };
  return { reason: reason === "" ? null : reason };
}
