import {
  gitwayActor,
  type AttributedChange,
  type Attribution,
  type Change,
  type Person,
} from "../plan/plan.ts";
import { contestedMerges, creditPaths, type Credit } from "./credit.ts";
import { gitOutput, runGit } from "./git.ts";
import { readHistory, remergedPaths } from "./history.ts";
import { splitAtNul, type Repository } from "./tree.ts";

interface CommitPeople {
  readonly author: Person;
  readonly committer: Person;
}

/**
 * Says who made each change (law 5): the author of the last commit in the range that touched the
 * manifest's file or a file that it refers to, with the other authors of these files in the range as
 * contributors. A range that touched none of them was moved, not made: that is Gitway's doing.
 */
export async function attributeChanges(
  repository: Repository,
  changes: readonly Change[],
  from: string | null,
  to: string,
): Promise<readonly AttributedChange[]> {
  if (changes.length === 0) return [];
  const start = from !== null && (await hasCommit(repository, from)) ? from : null;
  const wanted = new Set(changes.flatMap(pathsOf));
  const history = await readHistory(repository, start, to, wanted);
  const merges = contestedMerges(history, wanted);
  const remerged =
    merges.length === 0 ? new Map<string, Set<string>>() : await remergedPaths(repository, merges);
  const madeByMerge = (merge: string, path: string) =>
    remerged === null || (remerged.get(merge)?.has(path) ?? true);
  const credits = creditPaths(history, wanted, madeByMerge);
  const people = await readPeople(repository, credits);
  return changes.map((change) => ({ change, attribution: attributionOf(change, credits, people, to) }));
}

function attributionOf(
  change: Change,
  credits: ReadonlyMap<string, readonly Credit[]>,
  people: ReadonlyMap<string, CommitPeople>,
  to: string,
): Attribution {
  const commits = pathsOf(change)
    .flatMap((path) => credits.get(path) ?? [])
    .toSorted((a, b) => a.order - b.order);
  const last = commits[0]?.commit;
  const made = last === undefined ? undefined : people.get(last);
  if (last === undefined || !made)
    return { author: gitwayActor, committer: gitwayActor, commit: to, contributors: [] };
  return { ...made, commit: last, contributors: othersThan(made.author, commits, people) };
}

function othersThan(
  author: Person,
  commits: readonly Credit[],
  people: ReadonlyMap<string, CommitPeople>,
): readonly Person[] {
  const others = new Map<string, Person>();
  for (const { commit } of commits) {
    const person = people.get(commit)?.author;
    if (person && keyOf(person) !== keyOf(author)) others.set(keyOf(person), person);
  }
  return [...others.values()];
}

function keyOf({ name, email }: Person): string {
  return `${name}\0${email}`;
}

/** The files that make up an object: of its new state, or of the old one when it is deleted. */
function pathsOf(change: Change): string[] {
  if (change.after === null) return [change.before.path];
  return [change.after.place.file, ...Object.keys(change.after.files)];
}

async function hasCommit({ setting, path }: Repository, commit: string): Promise<boolean> {
  const args = ["--git-dir", path, "cat-file", "-e", `${commit}^{commit}`];
  return (await runGit(setting, args, { cwd: path })).exitCode === 0;
}

/** Names and addresses as the commits have them, without any mailmap. */
async function readPeople(
  { setting, path }: Repository,
  credits: ReadonlyMap<string, readonly Credit[]>,
): Promise<ReadonlyMap<string, CommitPeople>> {
  const people = new Map<string, CommitPeople>();
  const commits = new Set([...credits.values()].flatMap((list) => list.map(({ commit }) => commit)));
  if (commits.size === 0) return people;
  const format = "--format=%H%x00%an%x00%ae%x00%cn%x00%ce";
  const args = ["--git-dir", path, "log", "--no-walk=unsorted", "--no-mailmap", "-z", format, "--stdin"];
  const output = await gitOutput(setting, args, { cwd: path, input: `${[...commits].join("\n")}\n` });
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
  return people;
}
