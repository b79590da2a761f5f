import { join } from "node:path";

import type { ManifestEdit } from "../../src/manifest/edit/call.ts";
import { deriveId } from "../../src/manifest/identity.ts";
import type { CommitRequest, CommitResult, EditedFiles, Source } from "../../src/source/open-source.ts";
import { createRepository } from "./git-repository.ts";
import { apiText } from "./open-test-source.ts";

/** Gives a definition of `apiText` a title. */
export function titled(name: string, title: string): ManifestEdit {
  const spec = { route: name, title, keyless: true, action: { reply: { status: 200, body: "ok" } } };
  const id = deriveId("ApiDefinition", name);
  return {
    op: "set",
    identity: { kind: "ApiDefinition", id },
    wanted: { kind: "ApiDefinition", name, spec },
  };
}

/** Does an edit that has to succeed. */
export async function apply(files: EditedFiles, path: string, edit: ManifestEdit): Promise<null> {
  const result = await files.edit(path, edit);
  if (result.status !== "edited") throw new Error(JSON.stringify(result));
  return null;
}

/** A change by Jane Doe. */
export function request(change: (files: EditedFiles) => Promise<string | null>): CommitRequest<string> {
  const author = { name: "Jane Doe", email: "jane@example.com" };
  return { author, message: "Give 'a' a title\n\nThrough the Dashboard.", change };
}

/** Commits a title for a definition in `apis/a.yaml`. */
export function setTitle(source: Source, title: string, name = "a"): Promise<CommitResult<string>> {
  return source.commit(request((files) => apply(files, "apis/a.yaml", titled(name, title))));
}

/** The commit of a change that has to have been committed. */
export function landed(result: CommitResult<unknown>): string {
  if (result.status !== "committed") throw new Error(JSON.stringify(result));
  return result.commit;
}

/** A bare repository with one definition, and a clone of it that others work in. */
export async function createShared(text = apiText("a")) {
  const clone = await createRepository();
  await clone.commit({ files: { "apis/a.yaml": text, "apis/b.txt": "b" } });
  const bare = join(clone.path, "../shared.git");
  await clone.git("clone", "--quiet", "--bare", ".", bare);
  await clone.git("remote", "add", "origin", bare);
  const git = (...args: string[]) => clone.git("--git-dir", bare, ...args);
  return { clone, bare, git, [Symbol.asyncDispose]: () => clone.remove() };
}
