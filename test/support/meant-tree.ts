import { createHash } from "node:crypto";

import type { ImportedFile } from "./import-histories.ts";

/** A manifest as its author means it, whatever befalls its text. */
export interface Meant {
  readonly kind: "ApiDefinition" | "ApiToken" | "User";
  readonly name: string;
  /** Null where the manifest gives none. */
  readonly id: string | null;
  readonly version: number;
  /** Route, tokens and script are those of a definition. */
  readonly route: string;
  readonly tokens: readonly string[];
  readonly script: string | null;
  readonly flaw: keyof typeof manifestFlaws;
}

/** A manifest and its file. */
export interface Placed {
  readonly path: string;
  readonly meant: Meant;
}

/** A tree as its authors mean it, and what is wrong with it. */
export interface MeantTree {
  readonly files: ReadonlyMap<string, readonly Meant[]>;
  readonly fileFlaws: ReadonlyMap<string, keyof typeof fileFlaws>;
  readonly scripts: ReadonlyMap<string, MeantScript>;
  readonly obstacle: keyof typeof obstacles | null;
  /** Whether `apis` has a file that is no manifest, and so is there without any. */
  readonly notes: boolean;
}

/** A script, which a flaw makes unusable. */
export interface MeantScript {
  readonly text: string;
  readonly flaw: keyof typeof scriptFlaws | null;
}

/** What can be told of a tree. */
export interface Readable {
  readonly good: readonly Placed[];
  /** It is known which object they stand for, but not what it shall be. */
  readonly broken: readonly Placed[];
  /** Where even that can't be told. */
  readonly unreadable: readonly string[];
}

/** Bytes that a file may have in these trees. */
export const fileCap = 8192;

type Spoil = (text: string) => ImportedFile;

const toLink: Spoil = () => ({ mode: "120000", text: "elsewhere.yaml" });
const toSubmodule: Spoil = () => ({ mode: "160000", text: "1".repeat(40) });
const toPointer: Spoil = () => plain("version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n");
const tooLarge: Spoil = (text) => plain(`${text}// ${"x".repeat(fileCap)}\n`);

/** Of these, only `field` leaves it readable which object the manifest stands for. */
export const manifestFlaws = {
  none: (text: string) => text,
  field: (text: string) => text.replace("spec:\n", "spec:\n  unheard: of\n"),
  kind: (text: string) => text.replace("kind: ", "kind: X"),
  apiVersion: (text: string) => text.replace("gitway/v1", "gitwy/v1"),
  nameKey: (text: string) => text.replace("name:", "nmae:"),
  slug: (text: string) => text.replace("name: ", "name: A "),
  id: (text: string) => text.replace(", id: ", ", uid: ").replace("{ name", "{ guid: x, name"),
};

/** Of these, only `end` leaves the manifests of the file readable. */
export const fileFlaws = {
  toLink,
  toSubmodule,
  toPointer,
  tooLarge,
  top: (text: string) => plain(`kind: [\n${text}`),
  end: (text: string) => plain(`${text}---\nkind: {\nmetadata: ]\n`),
  bytes: (text: string) => plain(Buffer.concat([Buffer.from(text), Buffer.of(0xff)])),
  control: (text: string) => plain(`${text}# \u0001\n`),
  depth: (text: string) => plain(`${"[".repeat(100)}\n${text}`),
};

export const scriptFlaws = { toLink, toSubmodule, toPointer, tooLarge };

/** Something that hides the manifests below it, or may be one. */
interface Obstacle {
  /** As git quotes it. */
  readonly path: string;
  /** As problems show it. */
  readonly reportedAs: string;
  readonly file: ImportedFile;
}

const deep = { path: "apis/deep", reportedAs: "apis/deep" };

export const obstacles: Readonly<Record<string, Obstacle>> = {
  submodule: { ...deep, file: toSubmodule("") },
  link: { ...deep, file: { mode: "120000", text: "../nowhere" } },
  name: { path: '"apis/\\377.yaml"', reportedAs: "apis/\uFFFD.yaml", file: plain("") },
};

function plain(text: string | Buffer): ImportedFile {
  return { mode: "100644", text };
}

/** All manifests of a tree, readable or not. */
export function placedIn({ files }: MeantTree): readonly Placed[] {
  return [...files].flatMap(([path, all]) => all.map((meant) => ({ path, meant })));
}

/** What a reader can tell. It is known from what was done to the tree; nothing is read. */
export function readableOf(tree: MeantTree): Readable {
  const standing = placedIn(tree).filter(({ path }) => !isHidden(tree, path));
  const read = standing.filter(({ path }) => (tree.fileFlaws.get(path) ?? "end") === "end");
  const known = read.filter(({ meant }) => meant.flaw === "none" || meant.flaw === "field");
  const isGood = ({ meant }: Placed) => meant.flaw === "none" && hasScript(tree, meant);
  return {
    good: known.filter((placed) => isGood(placed)),
    broken: known.filter((placed) => !isGood(placed)),
    unreadable: [
      ...(tree.obstacle === null ? [] : [tree.obstacle]),
      ...standing.filter(({ path }) => tree.fileFlaws.has(path)).map(({ path }) => path),
      ...read.filter((placed) => !known.includes(placed)).map(({ path }) => path),
      ...(tree.notes || tree.obstacle !== null || standing.length > 0 ? [] : ["apis"]),
    ],
  };
}

function isHidden({ obstacle }: MeantTree, path: string): boolean {
  return obstacle !== null && path.startsWith(`${obstacles[obstacle]?.path}/`);
}

function hasScript({ scripts }: MeantTree, { script }: Meant): boolean {
  return script === null || scripts.get(script)?.flaw === null;
}

/** The files of a tree, as they are committed. */
export function renderTree(tree: MeantTree): ReadonlyMap<string, ImportedFile> {
  const files = new Map<string, ImportedFile>();
  if (tree.notes) files.set("apis/notes.txt", plain("No manifest."));
  for (const [path, { text, flaw }] of tree.scripts)
    files.set(path, flaw === null ? plain(text) : scriptFlaws[flaw](text));
  for (const [path, all] of tree.files) {
    if (isHidden(tree, path)) continue;
    const text = all.map((meant) => manifestFlaws[meant.flaw](manifestText(path, meant))).join("---\n");
    const flaw = tree.fileFlaws.get(path);
    files.set(path, flaw === undefined ? plain(text) : fileFlaws[flaw](text));
  }
  const obstacle = tree.obstacle === null ? undefined : obstacles[tree.obstacle];
  if (obstacle) files.set(obstacle.path, obstacle.file);
  return files;
}

function manifestText(path: string, meant: Meant): string {
  const id = meant.id === null ? "" : `, id: ${meant.id}`;
  return `apiVersion: gitway/v1
kind: ${meant.kind}
metadata: { name: ${meant.name}${id} }
spec:
${specText[meant.kind](path, meant)}`;
}

const specText: Readonly<Record<Meant["kind"], (path: string, meant: Meant) => string>> = {
  User: (_path, { version }) => `  displayName: Version ${version}\n`,
  ApiToken: (_path, { version }) => `  description: Version ${version}\n  secret: { generate: true }\n`,
  ApiDefinition: (path, { route, tokens, script, version }) => {
    const up = "../".repeat(path.split("/").length - 1);
    const action = script === null ? "reply: { body: ok }" : `script: { file: ${up}${script} }`;
    return `  route: ${route}\n  description: Version ${version}\n  tokens: [${tokens.join(", ")}]\n  action:\n    ${action}\n`;
  },
};

/** An id of somebody's own choice, the same for the same name. */
export function chosenId(name: string): string {
  const hex = createHash("sha256").update(name).digest("hex");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}
