import { readFile } from "node:fs/promises";
import { join } from "node:path";

import type { Committer, TestRepository } from "./git-repository.ts";

/** A file to import. */
export interface ImportedFile {
  /** A file, a symlink with its target, or a submodule with its commit. */
  readonly mode: "100644" | "120000" | "160000";
  readonly text: string | Buffer;
}

/** A commit to import; parents are numbers of earlier ones of its history. */
export interface ImportedCommit {
  readonly parents: readonly number[];
  readonly author: Committer;
  /** Always the same one when absent. */
  readonly committer?: Committer;
  /** Seconds. */
  readonly date: number;
  readonly message?: string;
  /** By path, which is quoted as git does if it is no plain text. */
  readonly files: ReadonlyMap<string, ImportedFile>;
}

/**
 * Brings histories into one repository, with a branch `main` that has them all behind it. Gives the ids of
 * the commits, by history and number.
 */
export async function importHistories(
  repository: TestRepository,
  histories: readonly (readonly ImportedCommit[])[],
): Promise<readonly (readonly string[])[]> {
  const marks = join(repository.path, ".git", "marks");
  const parts: (string | Buffer)[] = [];
  let next = 1;
  const marksOf = histories.map((history) => {
    const own = history.map(() => next++);
    history.forEach((commit, index) => parts.push(...commitParts(commit, index, own)));
    return own;
  });
  parts.push(hubText(next, marksOf.flat()));
  const input = Buffer.concat(parts.map((part) => Buffer.from(part)));
  await repository.gitWith(input, "fast-import", "--quiet", "--force", `--export-marks=${marks}`);
  const lines = (await readFile(marks, "utf8")).split("\n").map((line) => line.split(" "));
  const ids = new Map(lines.map(([mark = "", id = ""]) => [Number(mark.slice(1)), id]));
  return marksOf.map((own) => own.map((mark) => ids.get(mark) ?? ""));
}

function commitParts(commit: ImportedCommit, index: number, marks: readonly number[]): (string | Buffer)[] {
  const { author, committer = somebody, date, parents, files, message = "change" } = commit;
  const [first, ...others] = parents.map((parent) => `:${marks[parent]}\n`);
  return [
    `commit refs/heads/import-${marks[index]}\nmark :${marks[index]}\n`,
    `author ${author.name} <${author.email}> ${date} +0000\n`,
    `committer ${committer.name} <${committer.email}> ${date} +0000\n`,
    `${data(message)}\n`,
    first === undefined ? "" : `from ${first}`,
    ...others.map((parent) => `merge ${parent}`),
    "deleteall\n",
    ...[...files].flatMap(([path, file]) => fileParts(path, file)),
  ];
}

const somebody: Committer = { name: "Committer", email: "committer@example.com" };

function fileParts(path: string, { mode, text }: ImportedFile): (string | Buffer)[] {
  if (mode === "160000") return [`M ${mode} ${text.toString()} ${path}\n`];
  return [`M ${mode} inline ${path}\ndata ${Buffer.byteLength(text)}\n`, text, "\n"];
}

function hubText(mark: number, marks: readonly number[]): string {
  const who = "Hub <hub@example.com> 1800000000 +0000";
  const [first, ...others] = marks.map((parent) => `:${parent}\n`);
  return `commit refs/heads/main\nmark :${mark}\nauthor ${who}\ncommitter ${who}\n${data("hub")}\nfrom ${first}${others
    .map((parent) => `merge ${parent}`)
    .join("")}deleteall\n`;
}

function data(text: string): string {
  return `data ${Buffer.byteLength(text)}\n${text}`;
}
