import type { StoredObject } from "../../plan/plan.ts";
import { readBlobs } from "../blobs.ts";
import { readServingCredentials } from "../credentials/credentials.ts";
import type { Database, Session } from "../database.ts";
import { readObjects, readObjectsSince, readRemovedSince } from "../object-versions.ts";
import { readPointer } from "../pointer.ts";
import type { ServingChanges, ServingMark, ServingState } from "./serving-store.ts";

/** All that the endpoint needs, in one snapshot: no request ever sees half of a revision. */
export function readServing(database: Database): Promise<ServingState> {
  return database.transaction(
    async (session) => {
      const { mark, commit } = await readMark(session);
      const { definitions, tokens } = byKind(await readObjects(session));
      const credentials = await readServingCredentials(session);
      const blobs = await readBlobs(session, digestsOf(definitions));
      return { revision: mark.revision, commit, definitions, tokens, credentials, blobs, mark };
    },
    { snapshot: true },
  );
}

/** What leads to the present from a mark, in one snapshot; null when it can't be told. */
export function readServingSince(database: Database, since: ServingMark): Promise<ServingChanges | null> {
  return database.transaction(
    async (session) => {
      const { mark, commit } = await readMark(session);
      if (mark.revision < since.revision || !(await isKnown(session, since))) return null;
      const changed = await readObjectsSince(session, since.revision);
      const removed = await readRemovedSince(session, since.revision);
      const { definitions, tokens } = byKind(changed);
      const touchesTokens = [...changed, ...removed].some(({ kind }) => kind === "ApiToken");
      const hasCredentials = touchesTokens || mark.credentialChanges !== since.credentialChanges;
      return {
        revision: mark.revision,
        commit,
        definitions,
        tokens,
        removed,
        credentials: hasCredentials ? await readServingCredentials(session) : null,
        blobs: await readBlobs(session, digestsOf(definitions)),
        mark,
      };
    },
    { snapshot: true },
  );
}

interface RevisionRow {
  readonly commit: string;
  readonly applyId: string;
}

async function readMark(session: Session): Promise<{ mark: ServingMark; commit: string | null }> {
  const { revision, credentialChanges } = await readPointer(session);
  const row = await readRevision(session, revision);
  return {
    mark: { revision, applyId: row?.applyId ?? null, credentialChanges },
    commit: row?.commit ?? null,
  };
}

/** Whether a mark is of this store. Of the state before the first revision there is but one. */
async function isKnown(session: Session, { revision, applyId }: ServingMark): Promise<boolean> {
  return revision === 0 || (await readRevision(session, revision))?.applyId === applyId;
}

async function readRevision(session: Session, revision: number): Promise<RevisionRow | undefined> {
  const [row] = await session.query<RevisionRow>(
    'select commit, apply_id as "applyId" from gitway.revision where number = $1',
    [revision],
  );
  return row;
}

function byKind(objects: readonly StoredObject[]): Pick<ServingState, "definitions" | "tokens"> {
  return {
    definitions: objects.filter((object) => object.kind === "ApiDefinition"),
    tokens: objects.filter((object) => object.kind === "ApiToken"),
  };
}

function digestsOf(definitions: ServingState["definitions"]): string[] {
  return definitions.flatMap(({ files }) => Object.values(files));
}
