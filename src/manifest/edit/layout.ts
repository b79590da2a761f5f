import { isMap, isSeq, type ParsedNode } from "yaml";

import { itemsOf } from "./items.ts";
import { type Layout, ownLayout } from "./render.ts";
import { columnOf, isFirstInLine } from "./text.ts";

/** How a document is indented, as far as it shows; our own way where it does not. */
export function layoutOf(text: string, root: ParsedNode | null): Layout {
  const found: { step?: number; listStep?: number } = {};
  const look = (node: ParsedNode, outer: number | null): void => {
    if ((!isMap(node) && !isSeq(node)) || node.flow) return;
    const items = itemsOf(node) ?? [];
    const head = items[0]?.head ?? 0;
    const column = columnOf(text, head);
    if (outer !== null && isFirstInLine(text, head)) {
      if (isMap(node)) found.step ??= column - outer;
      else found.listStep ??= column - outer;
    }
    for (const { value } of items) if (value) look(value, isMap(node) ? column : null);
  };
  if (root) look(root, null);
  const step = found.step ?? ownLayout.step;
  return { step, listStep: found.listStep ?? step };
}
