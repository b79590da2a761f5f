import { readFileSync } from "node:fs";

import { vi } from "vitest";

import { startTestApi, type TestApi, type TestApiOptions, userManifest } from "./dashboard-api.ts";

/** A dashboard with a user who may write, and what tests of writing need again and again. */
export interface EditingApi extends TestApi {
  /** The user's key. */
  readonly key: string;
  /** A request of the user, with a body as JSON. */
  send(
    method: string,
    path: string,
    body?: unknown,
    headers?: Record<string, string>,
  ): Promise<[status: number, body: unknown]>;
  /** Commits by somebody else, and a pass that lets everything through. */
  commit(files: Record<string, string | null>): Promise<void>;
  /** The last commit of the branch. */
  head(): Promise<string>;
  /** A file of the checkout. */
  text(path: string): string;
}

const key = "jdoe-".padEnd(40, "k");

const permissions = [
  "definitions.read",
  "definitions.edit",
  "definitions.delete",
  "tokens.read",
  "tokens.edit",
  "tokens.delete",
  "automation.execute",
  "sync.manage",
];

/** Starts a dashboard on a repository with these files. */
export async function startEditingApi(
  files: Record<string, string>,
  options: TestApiOptions = {},
): Promise<EditingApi> {
  const api = await startTestApi({ JDOE: key }, options);
  const commit: EditingApi["commit"] = async (changed) => {
    await api.repository.commit({ files: changed });
    await api.pass({ allowPrune: true });
  };
  await commit({ "apis/jdoe.yaml": userManifest("jdoe", "JDOE", permissions), ...files });
  await vi.waitUntil(async () => (await api.request("/users/me", key)).ok, { timeout: 30_000 });
  return {
    ...api,
    key,
    commit,
    head: () => api.repository.git("rev-parse", "main"),
    text: (path) => readFileSync(`${api.repository.path}/${path}`, "utf8"),
    async send(method, path, body, headers = {}) {
      const answer = await api.request(path, key, {
        method,
        headers: { ...headers, ...(body === undefined ? {} : { "content-type": "application/json" }) },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      return [answer.status, await answer.json()];
    },
  };
}
