import { createHash } from "node:crypto";

import { deriveId } from "../../src/manifest/identity.ts";
import { placedIn, readableOf, type Meant, type MeantTree, type Placed } from "./meant-tree.ts";

/** An object that is live: what it says, and where its manifest was last seen. */
export interface LiveObject {
  readonly kind: Meant["kind"];
  readonly name: string;
  readonly path: string;
  readonly branch: string;
  /** All that a change of the object would change but its name, as text. */
  readonly content: string;
  readonly route: string;
  readonly tokens: readonly string[];
}

/** Live objects by kind and id. */
export type LiveState = ReadonlyMap<string, LiveObject>;

/** What a pass has to come to. */
export interface Expected {
  readonly live: LiveState;
  /** Kind and id of what does not go live, or not as it is meant. */
  readonly quarantined: ReadonlySet<string>;
  /** Kind and id of what is not deleted although it seems to be gone. */
  readonly held: ReadonlySet<string>;
}

/** What else a pass goes by. */
export interface PassSetting {
  readonly branch: string;
  readonly consent: Consent;
}

/** Who consents to deletions: nobody, the commit by its trailer, or whoever runs the pass by the flag. */
export type Consent = "none" | "trailer" | "flag";

/** An object that the tree or the store knows. */
interface Known {
  readonly key: string;
  readonly wish: LiveObject | null;
  readonly stored: LiveObject | null;
  /** Where the one manifest stands that speaks for it. */
  readonly path: string | null;
  /** Where all stand that do. */
  readonly files: readonly string[];
  /** Whether its id is made from its name. */
  readonly isNamed: boolean;
  /** Whether a manifest stands for it. */
  readonly present: boolean;
  /** Whether one of those manifests can't go live, whatever the others are. */
  readonly faulty: boolean;
}

/**
 * Laws 3 and 4 the slow, obvious way, to hold the real pass against: every object is looked at again and
 * again until nothing changes any more. It shares nothing with the plan.
 */
export function expectedState(before: LiveState, tree: MeantTree, setting: PassSetting): Expected {
  const { branch, consent } = setting;
  const found = knownObjects(before, tree, branch);
  const slips = consent === "none" ? slipsIn(found) : [];
  const misspelt = new Set(slips.map(({ newcomer }) => newcomer));
  const known = found.map((object) =>
    misspelt.has(object) ? { ...object, wish: null, faulty: true } : object,
  );
  const held = new Set([...heldKeys(before, tree, known, setting), ...slips.map(({ gone }) => gone.key)]);
  for (;;) {
    const { live, sentBack } = settle(known, held, branch);
    const gaps = consent === "none" ? gapsIn(known, live) : [];
    for (const { key } of gaps) held.add(key);
    if (gaps.length > 0) continue;
    const quarantined = known.filter(({ faulty, key }) => faulty || sentBack.has(key)).map(({ key }) => key);
    return { live, quarantined: new Set(quarantined), held };
  }
}

function settle(known: readonly Known[], held: ReadonlySet<string>, branch: string) {
  const sentBack = new Set<string>();
  const now = (object: Known): LiveObject | null => {
    if (object.wish && !sentBack.has(object.key)) return object.wish;
    return object.present || held.has(object.key) ? object.stored : null;
  };
  // Only definitions refer to others, so what becomes of the others is certain before.
  for (const definitions of [false, true])
    for (let again = true; again;) {
      const turn = known.filter(
        (object) => isDefinition(object) === definitions && !sentBack.has(object.key),
      );
      const failing = turn.filter((object) => !mayGoLive(object, known, now));
      for (const { key } of failing) sentBack.add(key);
      again = failing.length > 0;
    }
  const live = known.flatMap((object) => {
    const is = now(object);
    const { key, path } = object;
    return is ? [[key, path === null ? is : { ...is, path, branch }] as const] : [];
  });
  return { live: new Map(live), sentBack };
}

/** Objects that are gone, with newcomers that may be them: of their names, or in their files and named by one other letter. */
function slipsIn(known: readonly Known[]) {
  return known.flatMap((gone) =>
    known.filter((newcomer) => isSlip(gone, newcomer)).map((newcomer) => ({ gone, newcomer })),
  );
}

function isSlip(gone: Known, newcomer: Known): boolean {
  const [was, is] = [gone.stored, newcomer.wish];
  if (!was || gone.present || !is || newcomer.stored || was.kind !== is.kind) return false;
  if (was.name === is.name) return true;
  if (!newcomer.isNamed || was.path !== is.path) return false;
  const isNear = was.name.length === 1 && is.name.length === 1;
  const isAlike =
    was.kind === "ApiDefinition" ? requestsOf(was) === requestsOf(is) : was.content === is.content;
  return isNear && isAlike;
}

/** What would be deleted although something in its file can't go live, which may be meant in its place. */
function gapsIn(known: readonly Known[], live: LiveState): readonly Known[] {
  const waiting = known.filter(({ key, stored, present }) => !stored && present && !live.has(key));
  const files = new Set(waiting.flatMap((object) => object.files));
  return known.filter(
    ({ key, stored, present }) => stored && !present && !live.has(key) && files.has(stored.path),
  );
}

function isDefinition({ wish, stored }: Known): boolean {
  return (wish ?? stored)?.kind === "ApiDefinition";
}

/** Nobody else has or wants what it does not have yet, and what it refers to is there. */
function mayGoLive(
  object: Known,
  known: readonly Known[],
  now: (object: Known) => LiveObject | null,
): boolean {
  const { wish, stored } = object;
  if (!wish) return true;
  const others = known.filter((other) => other !== object);
  const isFree = (value: string) =>
    valuesOf(stored).includes(value) ||
    !others.some(
      (other) =>
        valuesOf(now(other)).includes(value) ||
        (valuesOf(other.wish).includes(value) && !valuesOf(other.stored).includes(value)),
    );
  const isThere = (token: string) =>
    known.some((other) => now(other)?.kind === "ApiToken" && now(other)?.name === token);
  return valuesOf(wish).every(isFree) && wish.tokens.every(isThere);
}

/** What only one object may have: its name, and the requests that it takes. */
function valuesOf(object: LiveObject | null): string[] {
  if (!object) return [];
  const requests = requestsOf(object);
  return [`${object.kind} ${object.name}`, ...(requests === "" ? [] : [`requests ${requests}`])];
}

function requestsOf({ route }: LiveObject): string {
  return route.toLowerCase().replaceAll(/\{\w+\}/g, "{}");
}

function knownObjects(before: LiveState, tree: MeantTree, branch: string): readonly Known[] {
  const { good, broken } = readableOf(tree);
  const standing = [
    ...good.map((placed) => ({ key: keyOf(placed.meant), placed, isGood: true })),
    ...broken.map((placed) => ({ key: keyOfBroken(placed.meant, before), placed, isGood: false })),
  ];
  const keys = new Set([...standing.map(({ key }) => key), ...before.keys()]);
  return [...keys].map((key) => {
    const all = standing.filter((each) => each.key === key);
    const stored = before.get(key) ?? null;
    const atHome = all.filter(({ placed }) => placed.path === stored?.path);
    const speaking = all.length > 1 ? atHome : all;
    const speaker = speaking.length === 1 && speaking[0]?.isGood ? speaking[0].placed : null;
    return {
      key,
      wish: speaker && liveObject(speaker, tree, branch),
      stored,
      path: speaking.length === 1 ? (speaking[0]?.placed.path ?? null) : null,
      files: all.map(({ placed }) => placed.path),
      isNamed: speaking[0]?.placed.meant.id === null,
      present: all.length > 0,
      faulty: all.length > 1 || all.some(({ isGood }) => !isGood),
    };
  });
}

/**
 * Nothing is deleted while anything can't be read; nor, without consent, too much at once or what another
 * branch had.
 */
function heldKeys(
  before: LiveState,
  tree: MeantTree,
  known: readonly Known[],
  { branch, consent }: PassSetting,
): ReadonlySet<string> {
  const gone = known.filter(({ present }) => !present);
  const keysOf = (some: readonly Known[]) => new Set(some.map(({ key }) => key));
  if (readableOf(tree).unreadable.length > 0) return keysOf(gone);
  if (consent === "flag") return new Set();
  if (consent === "none" && gone.length === known.length) return keysOf(gone);
  const leaving = gone.filter(({ stored }) => stored?.branch === branch);
  const ofKind = (some: readonly (LiveObject | null)[], kind: string) =>
    some.filter((object) => object?.kind === kind).length;
  return keysOf(
    gone.filter(({ stored }) => {
      if (stored?.branch !== branch) return true;
      if (consent === "trailer") return false;
      const deleted = ofKind(
        leaving.map((object) => object.stored),
        stored.kind,
      );
      return deleted > 3 && deleted > ofKind([...before.values()], stored.kind) / 4;
    }),
  );
}

function keyOf({ kind, name, id }: Meant): string {
  return `${kind}/${id ?? deriveId(kind, name)}`;
}

/** A broken manifest stands for the object with its id, else for the one with its name. */
function keyOfBroken(meant: Meant, before: LiveState): string {
  if (before.has(keyOf(meant))) return keyOf(meant);
  const namesake = [...before].find(([, { kind, name }]) => kind === meant.kind && name === meant.name);
  return namesake?.[0] ?? keyOf(meant);
}

/** What a good manifest is when it is live. */
export function liveObject({ path, meant }: Placed, tree: MeantTree, branch: string): LiveObject {
  const { kind, name, version, route, tokens, script } = meant;
  const text = script === null ? null : (tree.scripts.get(script)?.text ?? "");
  const digest = text === null ? null : createHash("sha256").update(text).digest("hex");
  const content = contentOf({ version: `Version ${version}`, route, tokens, script, digest });
  return { kind, name, path, branch, content, route, tokens };
}

/** What an object says, as one text. */
export function contentOf(said: {
  readonly version: string | undefined;
  readonly route?: string | undefined;
  readonly tokens?: readonly string[] | undefined;
  readonly script?: string | null;
  readonly digest?: string | null | undefined;
}): string {
  const { version, route = "", tokens = [], script = null, digest = null } = said;
  return JSON.stringify([version, route, tokens.toSorted(), script, digest]);
}

/** Kind and id of every object that somebody wants to be there, readable or not. */
export function meantKeys(tree: MeantTree): ReadonlySet<string> {
  return new Set(placedIn(tree).map(({ meant }) => keyOf(meant)));
}
