import { isAlias, isMap, isScalar, isSeq, type ParsedNode } from "yaml";

import { canonicalJson } from "../canonical.ts";
import { keyText, type TreeFault } from "../parse/yaml-tree.ts";
import { pointerTo } from "../pointer.ts";
import { alignLists } from "./align.ts";
import { arrangeBlock, type Entry, type Lines } from "./block.ts";
import { arrangeFlow } from "./flow.ts";
import { type Collection, type Item, itemsOf, trailingComma } from "./items.ts";
import { flowField, flowValue, type Layout, listLines, mapLines } from "./render.ts";
import { replaceInBlock, replaceInFlow, type Slot } from "./slot.ts";
import { columnOf, type Splice } from "./text.ts";

/** An edit of one document, while it is being made. */
export interface Editing extends Lines {
  readonly layout: Layout;
  /** What each alias stands for. */
  readonly targets: ReadonlyMap<ParsedNode, ParsedNode>;
  readonly splices: Splice[];
  /** What can't be edited, and why. */
  readonly faults: TreeFault[];
}

/** A node, its place in the document, and what is to become of its value. */
interface Change {
  readonly node: ParsedNode;
  readonly slot: Slot;
  readonly path: string;
  readonly before: unknown;
  readonly after: unknown;
}

/** Finds the splices that make the value of a document's root another one. Both are mappings. */
export function editRoot(editing: Editing, root: ParsedNode, before: object, after: object): void {
  const slot: Slot = { owner: "map", flow: true, column: 0, valueAt: 0, marked: true };
  editValue(editing, { node: root, slot, path: "", before, after });
}

function editValue(editing: Editing, change: Change): void {
  const { node, before, after } = change;
  if (canonicalJson(before) === canonicalJson(after)) return;
  if (isAlias(node)) return refuse(editing, node, change.path, aliasMessage(node.source));
  if ([...editing.targets.values()].includes(node))
    return refuse(editing, node, change.path, anchorMessage(node.anchor));
  if (isMap(node) && isFields(before) && isFields(after)) editMap(editing, change, node, before, after);
  else if (isSeq(node) && Array.isArray(before) && Array.isArray(after))
    editList(editing, change, node, before, after);
  else replace(editing, change);
}

function editMap(
  editing: Editing,
  change: Change,
  node: Collection,
  before: Record<string, unknown>,
  after: Record<string, unknown>,
): void {
  const items = itemsOf(node);
  const keys = node.items.map((item) => keyText((item as { key: ParsedNode }).key) ?? "");
  const kept = keys.flatMap((key, index) => (Object.hasOwn(after, key) ? [index] : []));
  if (!items || kept.length === 0) return items ? replace(editing, change) : refuseForm(editing, change);
  const isAdded = (key: string) => !Object.hasOwn(before, key);
  const quoted = isQuoted(node);
  for (const index of kept) {
    const key = keys[index] ?? "";
    const next = { before: before[key], after: after[key], path: pointerTo(change.path, key) };
    editItem(editing, node, items[index], next);
  }
  // What stays keeps the order of the text, whatever order JavaScript gives to keys that are numbers.
  const entries = <T>(write: (key: string, value: unknown) => T): Entry<T>[] => {
    const stays = kept.values();
    return Object.entries(after).flatMap(([key, value]): Entry<T>[] => {
      if (isAdded(key)) return [{ add: write(key, value) }];
      const { value: keep } = stays.next();
      return keep === undefined ? [] : [{ keep }];
    });
  };
  if (kept.length === items.length && !Object.keys(after).some(isAdded)) return;
  const column = columnOf(editing.text, items[0]?.head ?? 0);
  arrange(editing, change, node, items, {
    block: () => entries((key, value) => mapLines({ [key]: value }, column, editing.layout, quoted)),
    flow: () => entries((key, value) => flowField(key, value, quoted)),
  });
}

function editList(
  editing: Editing,
  change: Change,
  node: Collection,
  before: readonly unknown[],
  after: readonly unknown[],
): void {
  const items = itemsOf(node);
  const aligned = alignLists(before, after);
  const isNew = aligned.every(({ from }) => from === null);
  if (!items || isNew) return items ? replace(editing, change) : refuseForm(editing, change);
  for (const { from, to } of aligned) {
    if (from === null) continue;
    const next = { before: before[from], after: after[to], path: pointerTo(change.path, from) };
    editItem(editing, node, items[from], next);
  }
  const isSame = aligned.length === items.length && aligned.every(({ from }) => from !== null);
  if (isSame) return;
  const quoted = isQuoted(node);
  const entries = <T>(write: (value: unknown) => T): Entry<T>[] =>
    aligned.map(({ from, to }) => (from === null ? { add: write(after[to]) } : { keep: from }));
  const column = columnOf(editing.text, items[0]?.head ?? 0);
  arrange(editing, change, node, items, {
    block: () => entries((value) => listLines([value], column, editing.layout)),
    flow: () => entries((value) => flowValue(value, quoted)),
  });
}

function editItem(
  editing: Editing,
  owner: Collection,
  item: Item | undefined,
  next: Pick<Change, "before" | "after" | "path">,
): void {
  if (!item) return;
  const { head, value, valueAt, marked } = item;
  const flow = owner.flow ?? false;
  const slot: Slot = {
    owner: isMap(owner) ? "map" : "list",
    flow,
    quoted: flow && isQuoted(owner),
    column: columnOf(editing.text, head),
    valueAt,
    marked,
  };
  if (value) editValue(editing, { node: value, slot, ...next });
  else if (canonicalJson(next.before) !== canonicalJson(next.after))
    editing.splices.push(...replaceAt(editing, slot, null, next));
}

interface Arrangements {
  readonly block: () => Entry<readonly string[]>[];
  readonly flow: () => Entry<string>[];
}

function arrange(
  editing: Editing,
  { slot, path }: Change,
  node: Collection,
  items: readonly Item[],
  to: Arrangements,
): void {
  const entries = node.flow ? to.flow() : to.block();
  const kept = new Set(entries.flatMap((entry) => ("keep" in entry ? [entry.keep] : [])));
  const removed = items.filter((_, index) => !kept.has(index));
  for (const { head, tail } of removed) refuseShared(editing, head, tail, path);
  const splices = node.flow
    ? arrangeFlow(editing, { items, trailingComma: trailingComma(node) }, to.flow())
    : arrangeBlock(editing, items, to.block(), slot.valueAt);
  editing.splices.push(...splices);
}

function replace(editing: Editing, change: Change): void {
  const { node, slot, path } = change;
  const isTagged = !isAlias(node) && node.tag !== undefined;
  if (isTagged || path === "") return refuse(editing, node, path, isTagged ? tagMessage : formMessage);
  refuseShared(editing, node.range[0], node.range[1], path);
  editing.splices.push(...replaceAt(editing, slot, node, change));
}

function replaceAt(
  editing: Editing,
  slot: Slot,
  node: ParsedNode | null,
  values: Pick<Change, "before" | "after">,
): Splice[] {
  const replaceValue = slot.flow ? replaceInFlow : replaceInBlock;
  return replaceValue(editing, editing.layout, { slot, node, ...values });
}

/** Refuses to take away an anchor that is used elsewhere. */
function refuseShared(editing: Editing, start: number, end: number, path: string): void {
  const isWithin = ({ range }: ParsedNode) => range[0] >= start && range[0] < end;
  for (const [alias, target] of editing.targets)
    if (isWithin(target) && !isWithin(alias) && !isAlias(target))
      refuse(editing, target, path, anchorMessage(target.anchor));
}

function refuseForm(editing: Editing, { node, path }: Change): void {
  refuse(editing, node, path, formMessage);
}

function refuse(editing: Editing, node: ParsedNode, path: string, message: string): void {
  const [start, end] = node.range;
  editing.faults.push({ start, end, path, code: "edit-refused", message });
}

const formMessage = "This is written in a form that Gitway does not edit: change it in the file.";
const tagMessage = "This has a YAML tag, so Gitway does not edit it: change it in the file.";

function aliasMessage(name: string): string {
  return `This comes from the alias '*${name}', and what it stands for is used elsewhere too: change it in the file.`;
}

function anchorMessage(name: string | undefined): string {
  return `The anchor '&${name ?? ""}' here is used by an alias elsewhere in the document: change it in the file.`;
}

/** Whether a mapping or list is written as in JSON, with every key and text in double quotes. */
function isQuoted(node: Collection): boolean {
  const texts = isMap(node) ? node.items.map(({ key }) => key) : node.items.filter(isText);
  return texts.length > 0 && texts.every((text) => isScalar(text) && text.type === "QUOTE_DOUBLE");
}

function isText(item: unknown): item is ParsedNode {
  return isScalar(item) && typeof item.value === "string";
}

function isFields(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
