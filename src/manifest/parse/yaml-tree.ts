import { type Alias, isAlias, isMap, isScalar, isSeq, type Pair, type ParsedNode, Scalar } from "yaml";

import { pointerTo, quoteForPeople } from "../pointer.ts";
import { type Fault, yamlLimits } from "./read-yaml.ts";

/** A fault with the JSON pointer of the field that it is about. */
export interface TreeFault extends Fault {
  readonly path: string;
}

/** A YAML document as plain data, with what could not be taken over. */
export interface Tree {
  readonly root: ParsedNode | null;
  /** Made of plain objects, lists, text, numbers, booleans and null. */
  readonly value: unknown;
  readonly faults: readonly TreeFault[];
  /** What each alias stands for. */
  readonly targets: ReadonlyMap<ParsedNode, ParsedNode>;
}

interface Anchored {
  readonly node: ParsedNode;
  readonly value: unknown;
  readonly size: number;
  readonly depth: number;
}

interface Converter {
  readonly faults: TreeFault[];
  readonly anchors: Map<string, Anchored | "open">;
  readonly targets: Map<ParsedNode, ParsedNode>;
  /** Nodes taken over so far, those of aliases included. */
  size: number;
  /** The depth below the node at hand, at its deepest. */
  reached: number;
}

/** Keys that JavaScript gives a meaning of its own. */
const reservedKeys = new Set(["__proto__", "constructor", "prototype"]);
/** How many nodes aliases may add to a document. */
const aliasBudget = 10_000;

/**
 * Turns a composed document into plain data. The limits of `readYaml` bound how deep it goes; aliases are
 * copied only after their size is known.
 */
export function treeOf(root: ParsedNode | null): Tree {
  const converter: Converter = {
    faults: [],
    anchors: new Map(),
    targets: new Map(),
    size: 0,
    reached: 0,
  };
  const value = root ? convert(converter, root, "", 0) : null;
  return { root, value, faults: converter.faults, targets: converter.targets };
}

function convert(to: Converter, node: ParsedNode, path: string, depth: number): unknown {
  to.size++;
  to.reached = Math.max(to.reached, depth);
  if (isAlias(node)) return copyOfTarget(to, node, path, depth);
  const { anchor } = node;
  if (anchor === undefined) return convertOwn(to, node, path, depth);
  const [size, reached] = [to.size - 1, to.reached];
  to.anchors.set(anchor, "open");
  to.reached = depth;
  const value = convertOwn(to, node, path, depth);
  to.anchors.set(anchor, { node, value, size: to.size - size, depth: to.reached - depth });
  to.reached = Math.max(reached, to.reached);
  return value;
}

function convertOwn(
  to: Converter,
  node: Exclude<ParsedNode, Alias.Parsed>,
  path: string,
  depth: number,
): unknown {
  if (node.tag !== undefined && !coreTags.has(node.tag)) report(to, node, path, "yaml-tag", tagMessage);
  if (isMap(node)) return convertMap(to, node.items, path, depth);
  if (isSeq(node)) {
    return node.items.map((item, index) => convert(to, item, pointerTo(path, index), depth + 1));
  }
  return convertScalar(to, node, path);
}

const coreTags = new Set(
  ["str", "int", "float", "bool", "null", "map", "seq"].map((name) => `tag:yaml.org,2002:${name}`),
);
const tagMessage = "YAML tags such as '!name' are not used in manifests: write the plain value.";

function convertMap(
  to: Converter,
  pairs: readonly Pair<ParsedNode, ParsedNode | null>[],
  path: string,
  depth: number,
): Record<string, unknown> {
  const result: Record<string, unknown> = {};
  const seen = new Set<string>();
  for (const { key: node, value } of pairs) {
    const key = keyText(node);
    if (key === null) continue; // The library has reported it: keys must be text.
    const keyPath = pointerTo(path, key);
    const refusal = refusedKey(key, seen) ?? textFault(key);
    seen.add(key);
    if (refusal) report(to, node, keyPath, ...refusal);
    else result[key] = value ? convert(to, value, keyPath, depth + 1) : null;
  }
  return result;
}

/** The text of a key; null when it is none. */
export function keyText(node: ParsedNode): string | null {
  if (!isScalar(node)) return null;
  const { value } = node as { value: unknown };
  return typeof value === "string" ? value : "";
}

function refusedKey(key: string, seen: ReadonlySet<string>): readonly [string, string] | null {
  if (seen.has(key)) {
    const message = `The key ${quoteForPeople(key)} appears more than once in the same mapping: keep one of them.`;
    return ["duplicate-key", message];
  }
  if (key === "<<")
    return ["merge-key", "Merge keys ('<<') are not part of YAML 1.2: write the fields out here."];
  if (reservedKeys.has(key))
    return ["unknown-field", `Unknown field ${quoteForPeople(key)}: the name is reserved; remove it.`];
  return null;
}

function convertScalar(to: Converter, node: Scalar.Parsed, path: string): unknown {
  const { value } = node as { value: unknown };
  if (
    typeof value === "number" &&
    !(Number.isInteger(value) ? Number.isSafeInteger(value) : Number.isFinite(value))
  )
    report(
      to,
      node,
      path,
      "invalid-number",
      "The number can't be kept exactly: put it in quotes if it is text.",
    );
  const refusal = typeof value === "string" ? textFault(value) : null;
  if (refusal) report(to, node, path, ...refusal);
  return value;
}

/** Text that no database or JSON reader takes: NUL, and halves of characters. */
function textFault(text: string): readonly [string, string] | null {
  if (text.includes("\0"))
    return ["invalid-character", "The text holds the character U+0000, which can't be stored: remove it."];
  if (/\p{Surrogate}/u.test(text))
    return ["invalid-character", "The text holds half of a surrogate pair: write the whole character."];
  return null;
}

function copyOfTarget(to: Converter, alias: Alias.Parsed, path: string, depth: number): unknown {
  const target = to.anchors.get(alias.source);
  const name = quoteForPeople(alias.source);
  if (target === undefined)
    return report(
      to,
      alias,
      path,
      "yaml-alias",
      `There is no anchor ${name} before this alias: define it, or write the value out.`,
    );
  if (target === "open")
    return report(
      to,
      alias,
      path,
      "yaml-alias",
      `The alias ${name} refers to what contains it: write the value out.`,
    );
  if (
    to.size + target.size > yamlLimits.nodes ||
    target.size > aliasBudget ||
    depth + target.depth > yamlLimits.depth
  )
    return report(
      to,
      alias,
      path,
      "yaml-limit",
      `The alias ${name} stands for too much: write the value out, or make it smaller.`,
    );
  to.size += target.size;
  to.reached = Math.max(to.reached, depth + target.depth);
  to.targets.set(alias, target.node);
  return structuredClone(target.value);
}

function report(to: Converter, node: ParsedNode, path: string, code: string, message: string): null {
  const [start, end] = node.range;
  to.faults.push({ start, end, path, code, message });
  return null;
}
