import { createHash } from "node:crypto";

import { AppError } from "../errors.ts";
import type { Session } from "./database.ts";

/** Bytes of contents that one statement carries, at most; a single content may be larger. */
const batchBytes = 8 * 1024 * 1024;

/** SQL that tells whether a row of `gitway.blob` has the content that its digest says: somebody may have changed it. */
export const isIntact = "encode(sha256(blob.content), 'hex') = blob.digest";

/** Stores the contents that are needed and missing, or were changed. One that is neither given nor stored fails the apply. */
export async function storeBlobs(
  session: Session,
  needed: ReadonlySet<string>,
  given: ReadonlyMap<string, Buffer>,
): Promise<void> {
  if (needed.size === 0) return;
  const rows = await session.query<{ digest: string }>(
    `select digest from gitway.blob where digest = any($1::text[]) and ${isIntact}`,
    [[...needed]],
  );
  const stored = new Set(rows.map(({ digest }) => digest));
  const missing = [...needed].filter((digest) => !stored.has(digest));
  for (const batch of batches(missing, given)) await insertBlobs(session, batch);
}

async function insertBlobs(session: Session, batch: readonly (readonly [string, Buffer])[]): Promise<void> {
  await session.query(
    "insert into gitway.blob (digest, content) select digest, decode(content, 'base64') from unnest($1::text[], $2::text[]) as row (digest, content) on conflict (digest) do update set content = excluded.content",
    [batch.map(([digest]) => digest), batch.map(([, content]) => content.toString("base64"))],
  );
}

function* batches(
  digests: readonly string[],
  given: ReadonlyMap<string, Buffer>,
): Generator<[string, Buffer][]> {
  let batch: [string, Buffer][] = [];
  let size = 0;
  for (const digest of digests) {
    const content = contentOf(digest, given);
    if (batch.length > 0 && size + content.length > batchBytes) {
      yield batch;
      batch = [];
      size = 0;
    }
    batch.push([digest, content]);
    size += content.length;
  }
  if (batch.length > 0) yield batch;
}

function contentOf(digest: string, given: ReadonlyMap<string, Buffer>): Buffer {
  const content = given.get(digest);
  if (!content)
    throw new AppError(
      "apply-failed",
      `The content of a referenced file (SHA-256 ${digest}) was not handed over and is not in the store; nothing was applied. Plan again.`,
    );
  if (createHash("sha256").update(content).digest("hex") !== digest)
    throw new Error(`the content given for the digest ${digest} has another digest`);
  return content;
}

/** Contents, as text, by digest. What is not as it was stored is left out, as if it were not there. */
export async function readBlobs(session: Session, digests: Iterable<string>): Promise<Map<string, string>> {
  const contents = await readContents(session, digests);
  return new Map([...contents].map(([digest, content]) => [digest, content.toString("utf8")]));
}

/** Contents by digest. What is not as it was stored is left out, as if it were not there. */
export async function readContents(
  session: Session,
  digests: Iterable<string>,
): Promise<Map<string, Buffer>> {
  const rows = await session.query<{ digest: string; content: Buffer }>(
    `select digest, content from gitway.blob where digest = any($1::text[]) and ${isIntact}`,
    [[...new Set(digests)]],
  );
  return new Map(rows.map(({ digest, content }) => [digest, content]));
}
