import type { PassSetting } from "./expected-state.ts";
import {
  chosenId,
  fileFlaws,
  manifestFlaws,
  obstacles,
  placedIn,
  scriptFlaws,
  type Meant,
  type MeantScript,
  type MeantTree,
} from "./meant-tree.ts";
import { createRandom } from "./random-history.ts";

type Random = ReturnType<typeof createRandom>;

const names = {
  ApiDefinition: ["a", "b", "c", "d", "e", "remote"],
  ApiToken: ["s", "t", "u"],
  User: ["v", "w"],
} as const;
const routes = ["r/one", "r/two", "R/One", "r/{x}", "r/{y}", "three", "four", "five"];
const paths = ["apis/one.yaml", "apis/two.yaml", "apis/deep/three.yaml", "apis/four.yml"];
const scripts = ["scripts/s.js", "scripts/t.js"];
const consents = ["none", "none", "none", "trailer", "flag"] as const;
const branches = ["main", "other", "third"];

/** A tree, the branch that has it, and whether deletions are consented to. */
export interface RandomStep extends PassSetting {
  readonly tree: MeantTree;
}

/**
 * Trees one after the other, as a seed decides them: the first is without fault, the last is mended. Another
 * branch begins with any of the trees before.
 */
export function randomSteps(seed: number, count: number): readonly RandomStep[] {
  const random = createRandom(seed);
  const steps: RandomStep[] = [{ tree: firstTree, branch: "main", consent: "none" }];
  while (steps.length < count) {
    const { tree, branch } = nextTree(random, steps);
    const isLast = steps.length === count - 1;
    steps.push({ tree: isLast ? mended(tree) : tree, branch, consent: random.pick(consents) });
  }
  return steps;
}

const empty = { id: null, version: 0, route: "", tokens: [], script: null, flaw: "none" } as const;

const firstTree: MeantTree = {
  files: new Map([
    [
      "apis/one.yaml",
      [
        { ...empty, kind: "ApiToken", name: "s" },
        { ...empty, kind: "ApiToken", name: "t", id: chosenId("t") },
        { ...empty, kind: "User", name: "v" },
      ],
    ],
    ["apis/two.yaml", [{ ...empty, kind: "ApiDefinition", name: "a", route: "r/one", tokens: ["s"] }]],
    [
      "apis/deep/three.yaml",
      [{ ...empty, kind: "ApiDefinition", name: "b", id: chosenId("b"), route: "r/two" }],
    ],
  ]),
  fileFlaws: new Map(),
  scripts: new Map(scripts.map((path) => [path, { text: "0", flaw: null }])),
  obstacle: null,
  notes: true,
};

function nextTree(random: Random, before: readonly RandomStep[]): Pick<RandomStep, "tree" | "branch"> {
  const any = random.pick(before);
  if (random.chance(0.08)) return any;
  const last = before.at(-1) ?? any;
  const { tree: base, branch } = random.chance(0.2) ? { ...any, branch: random.pick(branches) } : last;
  let tree = random.chance(0.4) ? mended(base) : base;
  for (let edits = 1 + random.below(4); edits > 0; edits--) tree = random.pick(intentions)(random, tree);
  return { tree: random.chance(0.5) ? random.pick(breakage)(random, tree) : tree, branch };
}

function mended(tree: MeantTree): MeantTree {
  const files = [...tree.files].map(
    ([path, all]) => [path, all.map((meant): Meant => ({ ...meant, flaw: "none" }))] as const,
  );
  const texts = scripts.map((path) => [path, tree.scripts.get(path)?.text ?? "0"] as const);
  return {
    files: new Map(files),
    fileFlaws: new Map(),
    scripts: new Map(texts.map(([path, text]) => [path, { text, flaw: null }])),
    obstacle: null,
    notes: true,
  };
}

type Operation = (random: Random, tree: MeantTree) => MeantTree;

const add: Operation = (random, tree) => {
  const kind = random.pick(["ApiDefinition", "ApiDefinition", "ApiToken", "User"] as const);
  const name = random.pick<string>(names[kind]);
  const isThere = placedIn(tree).some(({ meant }) => meant.kind === kind && meant.name === name);
  if (isThere && random.chance(0.85)) return tree;
  const id = random.chance(0.4) ? chosenId(name) : null;
  const definition =
    kind === "ApiDefinition" ? { route: random.pick(routes), tokens: someTokens(random) } : {};
  const path = random.pick(paths);
  return withFile(tree, path, [...manifestsAt(tree, path), { ...empty, kind, name, id, ...definition }]);
};
const change = changing((random, meant) => ({ ...meant, version: random.below(4) }));
const rename = changing((random, meant) => ({ ...meant, name: random.pick<string>(names[meant.kind]) }));
const reroute = changing((random, meant) => ofDefinition(meant, { route: random.pick(routes) }));
const refer = changing((random, meant) => ofDefinition(meant, { tokens: someTokens(random) }));
const useScript = changing((random, meant) =>
  ofDefinition(meant, { script: random.pick([null, ...scripts]) }),
);
const remove = changing(() => null);
const move: Operation = (random, tree) => {
  const [from, to] = [random.pick(paths), random.pick(paths)];
  const [moved, ...rest] = manifestsAt(tree, from);
  if (!moved || from === to) return tree;
  return withFile(withFile(tree, from, rest), to, [...manifestsAt(tree, to), moved]);
};
const swapRoutes: Operation = (random, tree) => {
  const all = placedIn(tree).flatMap(({ meant }) => (meant.kind === "ApiDefinition" ? meant : []));
  if (all.length < 2) return tree;
  const [one, other] = [random.pick(all), random.pick(all)];
  const routeOf = new Map([
    [one, other.route],
    [other, one.route],
  ]);
  return mapManifests(tree, (meant) => ({ ...meant, route: routeOf.get(meant) ?? meant.route }));
};
const write: Operation = (random, tree) =>
  withScript(tree, random.pick(scripts), { text: String(random.below(3)) });
const dropFile: Operation = (random, tree) => withFile(tree, random.pick(paths), []);

/** What people mean to do. */
const intentions = weighted([
  [add, 5],
  [change, 2],
  [reroute, 2],
  [rename, 2],
  [refer, 1],
  [useScript, 1],
  [write, 1],
  [remove, 1],
  [move, 1],
  [swapRoutes, 1],
  [dropFile, 1],
]);

const spoilManifest = changing((random, meant) => ({ ...meant, flaw: random.pick(keysOf(manifestFlaws)) }));
const spoilFile: Operation = (random, tree) => ({
  ...tree,
  fileFlaws: new Map([...tree.fileFlaws, [random.pick(paths), random.pick(keysOf(fileFlaws))]]),
});
const spoilScript: Operation = (random, tree) =>
  withScript(tree, random.pick(scripts), { flaw: random.pick(keysOf(scriptFlaws)) });
const dropScript: Operation = (random, tree) => {
  const left = new Map(tree.scripts);
  left.delete(random.pick(scripts));
  return { ...tree, scripts: left };
};
const obstruct: Operation = (random, tree) => ({ ...tree, obstacle: random.pick(keysOf(obstacles)) });
const emptyOut: Operation = (random, tree) => ({
  ...tree,
  files: new Map(),
  fileFlaws: new Map(),
  notes: random.chance(0.5),
});

/** What goes wrong. */
const breakage = weighted([
  [spoilManifest, 4],
  [spoilFile, 2],
  [spoilScript, 1],
  [dropScript, 1],
  [obstruct, 1],
  [emptyOut, 1],
]);

function weighted(operations: readonly (readonly [Operation, number])[]): readonly Operation[] {
  return operations.flatMap(([operation, weight]) => Array.from({ length: weight }, () => operation));
}

function changing(alter: (random: Random, meant: Meant) => Meant | null): Operation {
  return (random, tree) => {
    const all = placedIn(tree);
    if (all.length === 0) return tree;
    const chosen = random.pick(all).meant;
    return mapManifests(tree, (meant) => (meant === chosen ? alter(random, meant) : meant));
  };
}

function ofDefinition(meant: Meant, change: Partial<Meant>): Meant {
  return meant.kind === "ApiDefinition" ? { ...meant, ...change } : meant;
}

function mapManifests(tree: MeantTree, alter: (meant: Meant) => Meant | null): MeantTree {
  const files = [...tree.files].map(
    ([path, all]) => [path, all.flatMap((meant) => alter(meant) ?? [])] as const,
  );
  return { ...tree, files: new Map(files.filter(([, all]) => all.length > 0)) };
}

function someTokens(random: Random): readonly string[] {
  return names.ApiToken.filter(() => random.chance(0.25));
}

function manifestsAt(tree: MeantTree, path: string): readonly Meant[] {
  return tree.files.get(path) ?? [];
}

function withFile(tree: MeantTree, path: string, all: readonly Meant[]): MeantTree {
  const files = new Map(tree.files);
  if (all.length === 0) files.delete(path);
  else files.set(path, all);
  return { ...tree, files };
}

function withScript(tree: MeantTree, path: string, change: Partial<MeantScript>): MeantTree {
  const script = { text: "0", flaw: null, ...tree.scripts.get(path), ...change };
  return { ...tree, scripts: new Map([...tree.scripts, [path, script]]) };
}

function keysOf<Key extends string>(table: Readonly<Record<Key, unknown>>): Key[] {
  return Object.keys(table) as Key[];
}
