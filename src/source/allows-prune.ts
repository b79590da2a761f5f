import type { createGraphReader } from "./commit-graph.ts";
import type { CommitReader } from "./commit-reader.ts";
import { gitOutput } from "./git.ts";
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
  const { repository, commits, graphs } = reading;
  const graph = await graphs.read(to, from === null ? [] : [from]);
  const isRange = from !== null && from !== to && graph.has(from);
  const range = isRange ? graph.list([to], from).map(({ id }) => id) : [];
  const asked = [...new Set([to, ...range])];
  if (asked.length <= fewCommits && !(await anyMentions(commits, asked))) return false;
  if ((await findConsents(repository, null, to)).length > 0) return true;
  return isRange && (await findConsents(repository, from, to)).length > 0;
}

const fewCommits = 50;

/** Whether it may be that one of them has the trailer. What a trailer is, git alone knows. */
async function anyMentions(commits: CommitReader, ids: readonly string[]): Promise<boolean> {
  for (const id of ids) {
    const commit = await commits(id);
    if (!commit || /gitway-allow-prune/i.test(commit.message.toString("latin1"))) return true;
  }
  return false;
}

/** The commits with that trailer: those that `to` has and `from` has not, or `to` itself for no start. */
export async function findConsents(
  { setting, path }: Repository,
  from: string | null,
  to: string,
): Promise<readonly string[]> {
  const range = from === null ? ["--max-count=1", to] : [to, `^${from}`];
  const args = ["--git-dir", path, "log", "-z", `--format=%H %x00${trailer}`, ...range, "--"];
  const fields = splitAtNul(await gitOutput(setting, args, { cwd: path }));
  return fields.flatMap((field, at) => (at % 2 === 1 && says(field) ? [String(fields[at - 1]).trim()] : []));
}

function says(output: Buffer): boolean {
  return /^\s*yes\s*$/im.test(output.toString());
}
