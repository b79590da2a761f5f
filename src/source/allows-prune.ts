import type { createGraphReader } from "./commit-graph.ts";
import type { CommitReader } from "./commit-reader.ts";
import { gitOutput } from "./git.ts";
import type { Commit } from "./history.ts";
import { splitAtNul, type Repository } from "./tree.ts";

const trailer = "%(trailers:key=Gitway-Allow-Prune,valueonly)";

/** What consents are looked for with. */
export interface ConsentReading {
  readonly repository: Repository;
  readonly commits: CommitReader;
  readonly graphs: ReturnType<typeof createGraphReader>;
}

/**
 * Whether somebody consented to deletions beyond the prune limit: a commit that `to` has and `from` has
 * not, or `to` itself, has the trailer `Gitway-Allow-Prune: yes`.
 */
export async function allowsPrune(
  reading: ConsentReading,
  from: string | null,
  to: string,
): Promise<boolean> {
  const graph = await reading.graphs.read(to, from === null ? [] : [from]);
  const range = from !== null && from !== to && graph.has(from) ? graph.list([to], from) : [];
  return (await findConsents(reading, [{ id: to }, ...range])).length > 0;
}

const fewCommits = 50;

/** Which of some commits have the trailer. What a trailer is, git alone knows; where none can be, it is not asked. */
export async function findConsents(
  { repository: { setting, path }, commits }: Pick<ConsentReading, "repository" | "commits">,
  asked: readonly Pick<Commit, "id">[],
): Promise<readonly string[]> {
  const ids = [...new Set(asked.map(({ id }) => id))];
  const mentioning = ids.length > fewCommits ? ids : await mentionsIn(commits, ids);
  if (mentioning.length === 0) return [];
  const options = ["log", "--no-walk=unsorted", "-z", `--format=%H%x00${trailer}`, "--stdin"];
  const input = mentioning.map((id) => `${id}\n`).join("");
  const output = await gitOutput(setting, ["--git-dir", path, ...options], { cwd: path, input });
  const fields = splitAtNul(output);
  return fields.flatMap((field, at) => (at % 2 === 1 && says(field) ? [String(fields[at - 1])] : []));
}

async function mentionsIn(commits: CommitReader, ids: readonly string[]): Promise<readonly string[]> {
  const mentioning: string[] = [];
  for (const id of ids) {
    const commit = await commits(id);
    if (!commit || /gitway-allow-prune/i.test(commit.message.toString("latin1"))) mentioning.push(id);
  }
  return mentioning;
}

function says(output: Buffer): boolean {
  return /^\s*yes\s*$/im.test(output.toString());
}
