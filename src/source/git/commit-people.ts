import type { Person } from "../../plan/plan.ts";
import type { CommitReader } from "./commit-reader.ts";
import { gitOutput } from "./git.ts";
import { isObjectId } from "./ref-name.ts";
import { chunks, splitAtNul, type Repository } from "./tree.ts";

/** Who made a commit, and when. */
export interface CommitPeople {
  readonly author: Person;
  readonly committer: Person;
  /** ISO 8601, UTC. Null when the commit names no time between 1970 and 9999. */
  readonly authoredAt: string | null;
}

const commitsAtOnce = 1000;

/** What commits are read with: one by one when they are few, else all at once. */
export interface PeopleReading {
  readonly repository: Repository;
  readonly commits: CommitReader;
}

const fewCommits = 50;

/**
 * Names and addresses as the commits have them, without any mailmap. What is no commit of the repository is
 * left out.
 */
export async function readCommitPeople(
  { repository, commits }: PeopleReading,
  wanted: readonly string[],
): Promise<ReadonlyMap<string, CommitPeople>> {
  const people = new Map<string, CommitPeople>();
  const ids = [...new Set(wanted)].filter(isObjectId);
  const odd: string[] = [];
  for (const id of ids.length > fewCommits ? [] : ids) {
    const commit = await commits(id);
    if (commit?.author && commit.committer)
      people.set(id, {
        author: commit.author,
        committer: commit.committer,
        authoredAt: timeOf(commit.authoredAt),
      });
    else if (commit) odd.push(id);
  }
  const left = ids.length > fewCommits ? ids : odd;
  for (const some of chunks(left, commitsAtOnce)) await readSome(repository, some, people);
  return people;
}

async function readSome(
  { setting, path }: Repository,
  commits: readonly string[],
  people: Map<string, CommitPeople>,
): Promise<void> {
  const format = "--format=%H%x00%an%x00%ae%x00%cn%x00%ce%x00%at";
  const options = ["log", "--no-walk=unsorted", "--ignore-missing", "--no-mailmap", "-z", format, "--stdin"];
  const args = ["--git-dir", path, ...options];
  const output = await gitOutput(setting, args, { cwd: path, input: `${commits.join("\n")}\n` });
  const fields = splitAtNul(output).map((field) => field.toString());
  for (let at = 0; at + 5 < fields.length; at += 6) {
    const [commit = "", name = "", email = "", committerName = "", committerEmail = "", seconds = ""] =
      fields.slice(at, at + 6);
    people.set(commit, {
      author: { name, email },
      committer: { name: committerName, email: committerEmail },
      authoredAt: /^\d{1,12}$/.test(seconds) ? timeOf(Number(seconds)) : null,
    });
  }
}

/** Seconds until the year 10000, whose times are written in another form. */
const latest = Date.UTC(10_000) / 1000;

function timeOf(seconds: number | null): string | null {
  return seconds === null || seconds >= latest ? null : new Date(seconds * 1000).toISOString();
}
