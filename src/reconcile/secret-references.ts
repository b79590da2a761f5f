import type { Log } from "../log.ts";
import type { SecretReference } from "../manifest/api-token.generated.ts";
import type { Secret } from "../secret.ts";
import type { ResolvedReference } from "../store/credentials/credential-store.ts";
import type { Store } from "../store/store.ts";

/** Finds the secret behind an `env` or `file` reference; null when there is none that can be used. */
export type ResolveSecret = (reference: {
  readonly env?: string;
  readonly file?: string;
}) => Promise<Secret | null>;

/**
 * Makes the credentials of tokens those that their references resolve to now. The plan compares
 * references; what they resolve to is status, so a rotated environment variable is no change in Git.
 */
export async function resolveReferences(parts: {
  readonly store: Store;
  readonly resolveSecret: ResolveSecret;
  readonly log: Log;
}): Promise<void> {
  const resolved: ResolvedReference[] = [];
  for (const token of await parts.store.objects("ApiToken")) {
    if (token.kind !== "ApiToken" || token.spec.secret.generate) continue;
    const hash = await hashOf(token.spec.secret, parts.resolveSecret);
    if (!hash)
      parts.log.warn(
        { token: token.name },
        "the token's secret reference gives no usable secret: nobody can use it",
      );
    resolved.push({ tokenId: token.id, hash });
  }
  await parts.store.syncReferences(resolved);
}

async function hashOf(reference: SecretReference, resolveSecret: ResolveSecret): Promise<Buffer | null> {
  if (reference.sha256 !== undefined) return Buffer.from(reference.sha256, "hex");
  const { env, file } = reference;
  const secret = await resolveSecret({
    ...(env === undefined ? {} : { env }),
    ...(file === undefined ? {} : { file }),
  });
  return secret ? secret.hash() : null;
}
