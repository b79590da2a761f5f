import { createHash } from "node:crypto";

import type { Kind } from "./manifest.ts";

/**
 * Gitway's own namespace for name-based UUIDs. It was drawn at random once and never changes: a lost
 * database comes back with the same ids because of it.
 */
const namespace = "0dbe1280-8e5a-41b5-ba13-88a5f69522ef";

/**
 * The id of an object whose manifest gives none: the UUID version 5 (RFC 9562, 5.5) of `kind/name` in
 * Gitway's namespace.
 */
export function deriveId(kind: Kind, name: string): string {
  const hash = createHash("sha1")
    .update(Buffer.from(namespace.replaceAll("-", ""), "hex"))
    .update(`${kind}/${name}`)
    .digest();
  hash.writeUInt8((hash.readUInt8(6) & 0x0f) | 0x50, 6);
  hash.writeUInt8((hash.readUInt8(8) & 0x3f) | 0x80, 8);
  const hex = hash.toString("hex", 0, 16);
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}
