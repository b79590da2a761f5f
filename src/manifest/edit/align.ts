import { canonicalJson } from "../canonical.ts";

/** An item of the new list, and the item of the old one that it goes on from, if any. */
export interface Aligned {
  readonly from: number | null;
  readonly to: number;
}

/** Comparing each item with each other one is given up beyond so many comparisons. */
const mostComparisons = 1_000_000;

/**
 * Finds for each item of a new list the item of the old one that it is, or was made from: equal ones
 * first, then mappings that bear the same name, then what stands in the same place. Order is kept.
 */
export function alignLists(before: readonly unknown[], after: readonly unknown[]): Aligned[] {
  const equal = commonSequence(before.map(canonicalJson), after.map(canonicalJson));
  const pairs = fillGaps(equal, before.length, after.length, (gap) => {
    const [a, b] = [before.slice(gap.from, gap.fromEnd), after.slice(gap.to, gap.toEnd)];
    const named = commonSequence(a.map(nameOf), b.map(nameOf));
    return fillGaps(named, a.length, b.length, inPlace);
  });
  const origin = new Map(pairs.map(([from, to]) => [to, from]));
  return after.map((_, to) => ({ from: origin.get(to) ?? null, to }));
}

type Pair = readonly [from: number, to: number];

interface Gap {
  readonly from: number;
  readonly fromEnd: number;
  readonly to: number;
  readonly toEnd: number;
}

/** The pairs, and those that are found in each gap between them. */
function fillGaps(
  pairs: readonly Pair[],
  fromLength: number,
  toLength: number,
  find: (gap: Gap) => readonly Pair[],
): Pair[] {
  const filled: Pair[] = [];
  let [from, to] = [0, 0];
  for (const pair of [...pairs, [fromLength, toLength] as const]) {
    const gap = { from, fromEnd: pair[0], to, toEnd: pair[1] };
    for (const [a, b] of find(gap)) filled.push([gap.from + a, gap.to + b]);
    filled.push(pair);
    [from, to] = [pair[0] + 1, pair[1] + 1];
  }
  return filled.slice(0, -1);
}

function inPlace({ from, fromEnd, to, toEnd }: Gap): Pair[] {
  const length = fromEnd - from;
  return length === toEnd - to ? Array.from({ length }, (_, index) => [index, index] as const) : [];
}

/** What an item of a list is known by, when it is a mapping that has such a field. */
function nameOf(item: unknown): string | null {
  if (typeof item !== "object" || item === null) return null;
  const fields = item as Record<string, unknown>;
  const field = ["name", "path", "on", "file"].find((name) => typeof fields[name] === "string");
  return field === undefined ? null : `${field} ${String(fields[field])}`;
}

/** A longest common subsequence, as pairs of indices. Null equals nothing. */
function commonSequence(a: readonly (string | null)[], b: readonly (string | null)[]): Pair[] {
  const same = (i: number, j: number) => a[i] !== null && a[i] === b[j];
  const pairs: Pair[] = [];
  let [start, endA, endB] = [0, a.length, b.length];
  while (start < endA && start < endB && same(start, start)) pairs.push([start, start++]);
  const tail: Pair[] = [];
  while (endA > start && endB > start && same(endA - 1, endB - 1)) tail.push([--endA, --endB]);
  pairs.push(...commonMiddle({ from: start, fromEnd: endA, to: start, toEnd: endB }, same));
  return [...pairs, ...tail.reverse()];
}

function commonMiddle({ from, fromEnd, to, toEnd }: Gap, same: (i: number, j: number) => boolean): Pair[] {
  const width = toEnd - to + 1;
  if ((fromEnd - from) * (toEnd - to) > mostComparisons) return [];
  const lengths = new Uint32Array((fromEnd - from + 1) * width);
  const length = (i: number, j: number) => lengths[(i - from) * width + (j - to)] ?? 0;
  for (let i = fromEnd - 1; i >= from; i--)
    for (let j = toEnd - 1; j >= to; j--)
      lengths[(i - from) * width + (j - to)] = same(i, j)
        ? length(i + 1, j + 1) + 1
        : Math.max(length(i + 1, j), length(i, j + 1));
  const pairs: Pair[] = [];
  for (let [i, j] = [from, to]; i < fromEnd && j < toEnd;) {
    if (same(i, j)) pairs.push([i++, j++]);
    else if (length(i + 1, j) >= length(i, j + 1)) i++;
    else j++;
  }
  return pairs;
}
