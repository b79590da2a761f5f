import type { Committer } from "./git-repository.ts";
import { idOf, renderTree, type Model, type RandomFile, type Tree } from "./render-history.ts";

/** A commit of a random history; parents are numbers of earlier ones. */
export interface RandomCommit {
  readonly parents: readonly number[];
  readonly author: Committer;
  readonly committer: Committer;
  /** Seconds; no two commits of a history have the same. */
  readonly date: number;
  readonly files: ReadonlyMap<string, RandomFile>;
}

/** Numbers from 0 to 1 that a seed decides (mulberry32). */
export function createRandom(seed: number) {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const below = (limit: number): number => Math.floor(next() * limit);
  const pick = <T>(list: readonly T[]): T => list[below(list.length)] as T;
  const chance = (share: number): boolean => next() < share;
  return { below, pick, chance };
}

type Random = ReturnType<typeof createRandom>;

const people = ["Ann", "Bob", "Cid", "Dan"].map((name) => ({ name, email: `${name}@example.com` }));
const names = ["a", "b", "c", "d"];
const tokens = ["t", "u"];
const paths = ["apis/one.yaml", "apis/two.yaml", "apis/deep/three.yaml"];
const scripts = ["scripts/s.js", "scripts/t.js"];

const namesOf = { ApiDefinition: names, ApiToken: tokens } as const;

/** A history of 5 to 25 commits with all that a repository may go through, as a seed decides it. */
export function randomHistory(seed: number): readonly RandomCommit[] {
  const random = createRandom(seed);
  const authors = people.slice(0, 2 + random.below(3));
  const commits: { tree: Tree; parents: number[] }[] = [];
  const count = 5 + random.below(21);
  let tips: number[] = [];
  while (commits.length < count) {
    const made = nextCommit(random, commits, tips);
    tips = tips.filter((tip) => !made.parents.includes(tip) || random.chance(0.15));
    tips.push(commits.length);
    commits.push(made);
  }
  const dates = shuffledDates(random, count);
  return commits.map(({ tree, parents }, index) => ({
    parents,
    ...peopleOf(random, authors),
    date: dates[index] ?? 0,
    files: renderTree(tree),
  }));
}

/** Mostly who wrote it commits it, now and then somebody else. */
function peopleOf(random: Random, authors: readonly Committer[]): Pick<RandomCommit, "author" | "committer"> {
  const author = random.pick(authors);
  return { author, committer: random.chance(0.7) ? author : random.pick(authors) };
}

/** Mostly in order, now and then not: clocks are wrong. */
function shuffledDates(random: Random, count: number): number[] {
  const dates = Array.from({ length: count }, (_, index) => 1_700_000_000 + index * 60);
  for (let swaps = random.below(4); swaps > 0; swaps--) {
    const [a, b] = [random.below(count), random.below(count)];
    [dates[a], dates[b]] = [dates[b] as number, dates[a] as number];
  }
  return dates;
}

function nextCommit(
  random: Random,
  commits: readonly { readonly tree: Tree; readonly parents: readonly number[] }[],
  tips: readonly number[],
): { tree: Tree; parents: number[] } {
  const treeAt = (index: number) => commits[index]?.tree ?? emptyTree;
  if (tips.length === 0 || random.chance(0.02)) return { tree: started(random), parents: [] };
  if (tips.length > 1 && random.chance(0.45)) {
    const parents = shuffled(random, tips).slice(0, random.chance(0.15) ? 3 : 2);
    return { tree: merged(random, parents.map(treeAt)), parents };
  }
  const parent = random.chance(0.25) ? random.below(commits.length) : random.pick(tips);
  if (random.chance(0.12)) {
    const older = treeAt(random.below(commits.length));
    return { tree: random.chance(0.5) ? older : mixed(random, [treeAt(parent), older]), parents: [parent] };
  }
  return { tree: edited(random, treeAt(parent), 1 + random.below(3)), parents: [parent] };
}

function started(random: Random): Tree {
  let tree = emptyTree;
  for (let count = 2 + random.below(6); count > 0; count--) tree = add(random, tree);
  return tree;
}

const emptyTree: Tree = { files: new Map(), spoilt: new Map(), scripts: new Map() };

/** All ways to merge: keep ours, keep theirs, take some of each, and edit on top. */
function merged(random: Random, trees: readonly Tree[]): Tree {
  const way = random.below(10);
  if (way < 2) return trees[0] ?? emptyTree;
  if (way < 4) return trees[1] ?? emptyTree;
  const tree = mixed(random, trees);
  return way < 7 ? tree : edited(random, tree, 1);
}

/** Each object from one of the trees, and each other thing too. */
function mixed(random: Random, trees: readonly Tree[]): Tree {
  const files = new Map<string, Model[]>();
  for (const name of [...names, ...tokens]) {
    const tree = random.pick(trees);
    for (const [path, models] of tree.files)
      for (const model of models)
        if (model.name === name) files.set(path, [...(files.get(path) ?? []), model]);
  }
  return { files, spoilt: random.pick(trees).spoilt, scripts: random.pick(trees).scripts };
}

function edited(random: Random, tree: Tree, edits: number): Tree {
  let result = tree;
  for (let edit = 0; edit < edits; edit++) result = random.pick(operations)(random, result);
  return result;
}

type Operation = (random: Random, tree: Tree) => Tree;

const add: Operation = (random, tree) => {
  const path = random.pick(paths);
  const kind = random.chance(0.3) ? "ApiToken" : "ApiDefinition";
  const name = random.pick(namesOf[kind]);
  const there = [...tree.files.values()].flat().some((model) => model.kind === kind && model.name === name);
  if (there && !random.chance(0.1)) return edit(random, tree);
  const id = random.chance(0.4) ? idOf(name) : null;
  const script = kind === "ApiDefinition" && random.chance(0.4) ? random.pick(scripts) : null;
  const model: Model = {
    kind,
    name,
    id,
    version: random.below(3),
    script,
    needs: random.chance(0.4) ? [random.pick(tokens)] : [],
    contends: false,
    comment: 0,
    flaw: "none",
  };
  const texts = new Map(tree.scripts);
  if (script !== null && !texts.has(script)) texts.set(script, "0");
  return { ...tree, scripts: texts, files: withModels(tree, path, [...modelsAt(tree, path), model]) };
};

const edit: Operation = (random, tree) =>
  changeOne(random, tree, (model) => ({ ...model, version: random.below(4) }));
const comment: Operation = (random, tree) =>
  changeOne(random, tree, (model) => ({ ...model, comment: model.comment + 1 }));
const flaw: Operation = (random, tree) =>
  changeOne(random, tree, (model) => ({ ...model, flaw: random.pick(["field", "field", "no-id"]) }));
const repair: Operation = (_random, tree) => ({
  ...tree,
  spoilt: new Map(),
  files: new Map(
    [...tree.files].map(([path, models]) => [
      path,
      models.map((model): Model => ({ ...model, flaw: "none" })),
    ]),
  ),
});
const rename: Operation = (random, tree) =>
  changeOne(random, tree, (model) => ({ ...model, name: random.pick(namesOf[model.kind]) }));
const need: Operation = (random, tree) =>
  changeOne(random, tree, (model) => ({ ...model, needs: tokens.filter(() => random.chance(0.4)) }));
const contend: Operation = (random, tree) =>
  changeOne(random, tree, (model) => ({ ...model, contends: !model.contends }));
const useScript: Operation = (random, tree) =>
  changeOne(random, tree, (model) =>
    model.kind === "ApiToken" ? model : { ...model, script: random.pick([null, ...scripts]) },
  );
const remove: Operation = (random, tree) => changeOne(random, tree, () => null);
const move: Operation = (random, tree) => {
  const from = random.pick(paths);
  const models = modelsAt(tree, from);
  const moved = random.chance(0.4) ? models : models.slice(0, 1);
  const to = random.pick(paths);
  const without = {
    ...tree,
    files: withModels(
      tree,
      from,
      models.filter((model) => !moved.includes(model)),
    ),
  };
  return { ...without, files: withModels(without, to, [...modelsAt(without, to), ...moved]) };
};
const spoil: Operation = (random, tree) => ({
  ...tree,
  spoilt: new Map([
    ...tree.spoilt,
    [random.pick(paths), random.pick(["whole", "end", "kind", "link"] as const)],
  ]),
});
const script: Operation = (random, tree) => ({
  ...tree,
  scripts: new Map([...tree.scripts, [random.pick(scripts), String(random.below(3))]]),
});
const dropScript: Operation = (random, tree) => {
  const texts = new Map(tree.scripts);
  texts.delete(random.pick(scripts));
  return { ...tree, scripts: texts };
};
const nothing: Operation = (_random, tree) => tree;

const operations: readonly Operation[] = [
  add,
  add,
  add,
  edit,
  edit,
  edit,
  edit,
  comment,
  comment,
  move,
  move,
  remove,
  rename,
  need,
  contend,
  useScript,
  script,
  script,
  dropScript,
  flaw,
  flaw,
  spoil,
  repair,
  repair,
  repair,
  nothing,
];

function changeOne(random: Random, tree: Tree, change: (model: Model) => Model | null): Tree {
  const places = [...tree.files].flatMap(([path, models]) => models.map((model) => ({ path, model })));
  if (places.length === 0) return tree;
  const { path, model } = random.pick(places);
  const models = modelsAt(tree, path).flatMap((each) => (each === model ? (change(each) ?? []) : each));
  return { ...tree, files: withModels(tree, path, models) };
}

function modelsAt(tree: Tree, path: string): readonly Model[] {
  return tree.files.get(path) ?? [];
}

function withModels(tree: Tree, path: string, models: readonly Model[]): Tree["files"] {
  const files = new Map(tree.files);
  if (models.length === 0) files.delete(path);
  else files.set(path, models);
  return files;
}

function shuffled<T>(random: Random, list: readonly T[]): T[] {
  return list
    .map((item) => ({ item, rank: random.below(2 ** 30) }))
    .toSorted((a, b) => a.rank - b.rank)
    .map(({ item }) => item);
}
