/** Whether an entry takes its path alone, or also all below it. */
export type MatchKind = "exact" | "prefix";

interface Entry<T> {
  readonly value: T;
  /** The placeholders of the template: position and name. */
  readonly parameters: readonly (readonly [position: number, name: string])[];
}

const noParameters: Entry<unknown>["parameters"] = [];

interface Node<T> {
  /** Null without any, as for most. */
  literals: Map<string, Node<T>> | null;
  parameter: Node<T> | null;
  exact: Entry<T> | null;
  prefix: Entry<T> | null;
}

/** Templates by segment. Filled once, then only read. */
export interface RouteTrie<T> {
  readonly ignoreCase: boolean;
  readonly root: Node<T>;
}

/** What a path led to. */
export interface TrieHit<T> {
  readonly value: T;
  /** The placeholders' segments, exactly as they came. */
  readonly parameters: Readonly<Record<string, string>>;
  /** How many segments the template took; the rest is below a prefix. */
  readonly depth: number;
}

/** An empty trie. */
export function createTrie<T>(options: { readonly ignoreCase: boolean }): RouteTrie<T> {
  return { ignoreCase: options.ignoreCase, root: newNode() };
}

/** Adds a template such as `["encoders", "{id}"]`. Gives the value that holds the place already, else null. */
export function insert<T>(
  trie: RouteTrie<T>,
  template: readonly string[],
  match: MatchKind,
  value: T,
): T | null {
  let node = trie.root;
  for (const segment of template) node = childFor(trie, node, segment);
  const holder = node[match];
  if (holder) return holder.value;
  const parameters = parametersOf(template);
  node[match] = { value, parameters: parameters.length === 0 ? noParameters : parameters };
  return null;
}

/**
 * The most specific entry for a path: segment by segment a literal beats a placeholder, earlier ones
 * first; at the same node exact beats prefix; else the longest prefix (UD-APIs 1.2). Each node is
 * reached by one way only, so a search visits none twice, however much it has to turn back.
 */
export function find<T>(trie: RouteTrie<T>, segments: readonly string[]): TrieHit<T> | null {
  const keys = segments.map((segment) => canonicalSegment(segment, trie.ignoreCase));
  const hit = search(trie.root, keys, 0);
  if (!hit) return null;
  const { entry, depth } = hit;
  return { value: entry.value, parameters: parametersFor(entry, segments), depth };
}

const none: TrieHit<unknown>["parameters"] = Object.freeze({});

function parametersFor(
  { parameters }: Entry<unknown>,
  segments: readonly string[],
): TrieHit<unknown>["parameters"] {
  if (parameters.length === 0) return none;
  return Object.fromEntries(parameters.map(([position, name]) => [name, segments[position] ?? ""]));
}

/** The name of a placeholder segment, or null for a literal. */
export function placeholderName(segment: string): string | null {
  return segment.length > 2 && segment.startsWith("{") && segment.endsWith("}") ? segment.slice(1, -1) : null;
}

function search<T>(
  node: Node<T>,
  keys: readonly string[],
  depth: number,
): { entry: Entry<T>; depth: number } | null {
  const key = keys[depth];
  if (key === undefined) {
    const entry = node.exact ?? node.prefix;
    return entry && { entry, depth };
  }
  const literal = node.literals?.get(key);
  const below =
    (literal && search(literal, keys, depth + 1)) ??
    (node.parameter && search(node.parameter, keys, depth + 1));
  return below ?? (node.prefix && { entry: node.prefix, depth });
}

function childFor<T>(trie: RouteTrie<T>, node: Node<T>, segment: string): Node<T> {
  if (placeholderName(segment) !== null) return (node.parameter ??= newNode());
  const key = canonicalSegment(segment, trie.ignoreCase);
  node.literals ??= new Map();
  const child = node.literals.get(key) ?? newNode<T>();
  node.literals.set(key, child);
  return child;
}

function parametersOf(template: readonly string[]): (readonly [number, string])[] {
  return template.flatMap((segment, position) => {
    const name = placeholderName(segment);
    return name === null ? [] : [[position, name] as const];
  });
}

/**
 * The form in which segments are compared. Decoded, because an upstream takes `%61dmin` for `admin`: a
 * route must not be dodged by escaping a letter.
 */
export function canonicalSegment(segment: string, ignoreCase: boolean): string {
  const decoded = segment.includes("%") ? decode(segment) : segment;
  return ignoreCase ? decoded.toLowerCase() : decoded;
}

/** Requests hold nothing that can't be decoded; what somebody wrote may. */
function decode(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}

function newNode<T>(): Node<T> {
  return { literals: null, parameter: null, exact: null, prefix: null };
}
