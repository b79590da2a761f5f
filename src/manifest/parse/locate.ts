import { isMap, isSeq, type ParsedNode } from "yaml";

import { segmentsOf } from "../pointer.ts";
import type { Place } from "../problem.ts";
import { type IndexedText, placeOfRange } from "./text-position.ts";
import { keyText, type Tree } from "./yaml-tree.ts";

/** Finds the places of fields in a document. */
export interface Locator {
  /** The whole document. */
  readonly document: Place;
  /**
   * The key or the value of a field. A collection is shown by its key, and what is missing or empty by the
   * nearest key above it.
   */
  readonly placeOf: (path: string, at?: "key" | "value") => Place;
}

/** A locator for one document of a text. `range` is that of the document, for when it has no content. */
export function locatorFor(source: IndexedText, tree: Tree, range: readonly [number, number]): Locator {
  const { root } = tree;
  const [start, end] = root && root.range[1] > root.range[0] ? root.range : range;
  const document = placeOfRange(source, start, end);
  return { document, placeOf: (path, at = "value") => find(path, at) };

  function find(path: string, at: "key" | "value"): Place {
    let node: ParsedNode | null = root;
    let key: ParsedNode | null = null;
    for (const segment of segmentsOf(path)) {
      const step: Step | null = node && stepInto(resolve(node), segment);
      if (!step) return placeOfNode(key) ?? document;
      key = step.key ?? step.value ?? key;
      node = step.value;
    }
    const shownByKey = at === "key" || !node || isMap(node) || isSeq(node);
    return placeOfNode(shownByKey ? key : node) ?? placeOfNode(key) ?? document;
  }

  function resolve(node: ParsedNode): ParsedNode {
    return tree.targets.get(node) ?? node;
  }

  function placeOfNode(node: ParsedNode | null): Place | null {
    if (!node || node.range[1] <= node.range[0]) return null;
    return placeOfRange(source, node.range[0], node.range[1]);
  }
}

interface Step {
  readonly key: ParsedNode | null;
  readonly value: ParsedNode | null;
}

function stepInto(node: ParsedNode, segment: string): Step | null {
  if (isSeq(node)) {
    const value = node.items[Number(segment)];
    return value ? { key: null, value } : null;
  }
  if (!isMap(node)) return null;
  const pair = node.items.find(({ key }) => keyText(key) === segment);
  return pair ? { key: pair.key, value: pair.value } : null;
}
