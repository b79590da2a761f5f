import { createHash } from "node:crypto";

/** A file of a commit. */
export interface RandomFile {
  readonly mode: "100644" | "120000";
  readonly text: string;
}

/** A document as the generator of histories thinks of it. */
export interface Model {
  readonly kind: "ApiDefinition" | "ApiToken";
  readonly name: string;
  readonly id: string | null;
  readonly version: number;
  readonly script: string | null;
  /** Names of tokens. */
  readonly needs: readonly string[];
  /** Whether its route is the one that others may want, too. */
  readonly contends: boolean;
  readonly comment: number;
  readonly flaw: "none" | "field" | "no-id";
}

/** A tree as the generator thinks of it. */
export interface Tree {
  readonly files: ReadonlyMap<string, readonly Model[]>;
  /** Manifest files that are something else: a syntax error in the first or last document, a symlink. */
  readonly spoilt: ReadonlyMap<string, "whole" | "end" | "kind" | "link">;
  readonly scripts: ReadonlyMap<string, string>;
}

/** The files of a tree. */
export function renderTree(tree: Tree): ReadonlyMap<string, RandomFile> {
  const files = new Map<string, RandomFile>();
  for (const [path, models] of tree.files) {
    const texts = models.map((model) => documentText(path, model));
    files.set(path, spoiltFile(texts, tree.spoilt.get(path)));
  }
  for (const [path, text] of tree.scripts) files.set(path, { mode: "100644", text });
  return files;
}

function spoiltFile(texts: readonly string[], way: string | undefined): RandomFile {
  const text = texts.join("---\n");
  if (way === "link") return { mode: "120000", text: "elsewhere.yaml" };
  if (way === "whole") return { mode: "100644", text: `kind: [\n${text}` };
  if (way === "end") return { mode: "100644", text: `${text}---\nkind: {\nmetadata: ]\n` };
  if (way === "kind") return { mode: "100644", text: text.replace("kind: Api", "kind: Apy") };
  return { mode: "100644", text };
}

function documentText(path: string, model: Model): string {
  const { kind, name, id, comment, flaw } = model;
  const shownId = id === null || flaw === "no-id" ? "" : `, id: ${id}`;
  const spec = kind === "ApiToken" ? tokenSpec(model) : definitionSpec(path, model);
  return `${comment > 0 ? `# comment ${comment}\n` : ""}apiVersion: gitway/v1
kind: ${kind}
metadata: { name: ${name}${shownId} }
spec:
${flaw === "none" ? "" : "  unheard: of\n"}${spec}`;
}

function tokenSpec({ version }: Model): string {
  return `  description: Version ${version}
  secret: { generate: true }
`;
}

function definitionSpec(path: string, { name, version, script, needs, contends }: Model): string {
  const up = path.split("/").length - 1;
  const action = script === null ? "reply: { body: ok }" : `script: { file: ${"../".repeat(up)}${script} }`;
  return `  route: ${contends ? "contended" : `${name}/v${version}`}
  title: Version ${version}
  tokens: [${needs.join(", ")}]
  action:
    ${action}
`;
}

/** The id of a name, where one is given. */
export function idOf(name: string): string {
  const hex = createHash("sha256").update(name).digest("hex");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}
