import { readFile } from "node:fs/promises";
import { join } from "node:path";

import type { TestRepository } from "./git-repository.ts";
import type { RandomCommit } from "./random-history.ts";

/**
 * Brings histories into one repository, with a branch `main` that has them all behind it. Gives the ids of
 * the commits, by history and number.
 */
export async function importHistories(
  repository: TestRepository,
  histories: readonly (readonly RandomCommit[])[],
): Promise<readonly (readonly string[])[]> {
  const marks = join(repository.path, ".git", "marks");
  const parts: string[] = [];
  let next = 1;
  const marksOf = histories.map((history) => {
    const own = history.map(() => next++);
    history.forEach((commit, index) => parts.push(commitText(commit, index, own)));
    return own;
  });
  parts.push(hubText(next, marksOf.flat()));
  await repository.gitWith(parts.join(""), "fast-import", "--quiet", "--force", `--export-marks=${marks}`);
  const lines = (await readFile(marks, "utf8")).split("\n").map((line) => line.split(" "));
  const ids = new Map(lines.map(([mark = "", id = ""]) => [Number(mark.slice(1)), id]));
  return marksOf.map((own) => own.map((mark) => ids.get(mark) ?? ""));
}

function commitText(commit: RandomCommit, index: number, marks: readonly number[]): string {
  const { author, date, parents, files } = commit;
  const [first, ...others] = parents.map((parent) => `:${marks[parent]}\n`);
  const lines = [
    `commit refs/heads/import-${marks[index]}\nmark :${marks[index]}\n`,
    `author ${author.name} <${author.email}> ${date} +0000\n`,
    `committer Committer <committer@example.com> ${date} +0000\n`,
    `${data("change")}\n`,
    first === undefined ? "" : `from ${first}`,
    ...others.map((parent) => `merge ${parent}`),
    "deleteall\n",
    ...[...files].map(([path, { mode, text }]) => `M ${mode} inline ${path}\n${data(text)}\n`),
  ];
  return lines.join("");
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
