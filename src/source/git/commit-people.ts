import type { Person } from "../../plan/plan.ts";
import type { CommitReader } from "./commit-reader.ts";
import { gitOutput } from "./git.ts";
import { isObjectId } from "./ref-name.ts";
import { chunks, splitAtNul, type Repository } from "./tree.ts";

/** Who made a commit. */
export interface CommitPeople {
  readonly author: Person;
  readonly committer: Person;
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
      people.set(id, { author: commit.author, committer: commit.committer });
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
  const format = "--format=%H%x00%an%x00%ae%x00%cn%x00%ce";
  const options = ["log", "--no-walk=unsorted", "--ignore-missing", "--no-mailmap", "-z", format, "--stdin"];
  const args = ["--git-dir", path, ...options];
  const output = await gitOutput(setting, args, { cwd: path, input: `${commits.join("\n")}\n` });
  const fields = splitAtNul(output).map((field) => field.toString());
  for (let at = 0; at + 4 < fields.length; at += 5) {
    const [commit = "", name = "", email = "", committerName = "", committerEmail = ""] = fields.slice(
      at,
      at + 5,
    );
    people.set(commit, {
      author: { name, email },
      committer: { name: committerName, email: committerEmail },
    });
  }
}
