import { pointerTo } from "../manifest/pointer.ts";
import { type DashboardProblem, readableField } from "./fields.ts";

const secretName = /(^|_)(secret|password|private_key|passphrase)$/i;
/** A reference to a secret that the Dashboard API knows (facts 1.11). */
const reference = /^(env|secrets|consul|vault|file|kv):\/\/|^\$kv\{/;

/**
 * The secrets in fields that would be kept as given: they would be committed to the repository (law 6).
 * References to secrets may be kept.
 */
export function keptSecrets(kept: unknown, path = ""): DashboardProblem[] {
  if (typeof kept !== "object" || kept === null) return [];
  return Object.entries(kept).flatMap(([name, value]) => {
    const inner = pointerTo(path, name);
    if (typeof value !== "string") return keptSecrets(value, inner);
    if (!secretName.test(name) || value === "" || reference.test(value)) return [];
    const field = readableField(inner);
    const message = `${field}: must be empty, because it has no effect here and a secret must not get into the repository`;
    return [{ field, code: "secret", message }];
  });
}
