import type { DocumentFacts, FileFacts } from "../revision/manifest-facts.ts";

/** An object to follow through history. */
export interface Subject {
  /** As `objectKey` gives it. */
  readonly key: string;
  /** Kind and name of the stored version: a broken document of that name stands for the object. */
  readonly storedName: string | null;
  /** Where the stored version stood: of two documents for the object, the one there speaks for it. */
  readonly storedPath: string | null;
  /** Files of the object: while one of them can't be read, it is not known to be absent. */
  readonly homes: readonly string[];
  /**
   * Whether only what its document says counts, and files that can't be read are all alike: not what is in
   * the files that it refers to, nor in which way it is not readable.
   */
  readonly isCoarse?: boolean;
}

/** A document that stands for the object at a commit. */
export interface Standing {
  readonly file: string;
  /** The blob of the file. */
  readonly blob: string;
  readonly facts: DocumentFacts;
}

/** What an object is at a commit. */
export interface View {
  readonly standing: readonly Standing[];
  /** By home, the blob that can't be read there. */
  readonly unreadable: ReadonlyMap<string, string>;
  /** The digests of files that documents refer to; null where none can be used. */
  readonly digests: ReadonlyMap<string, string | null>;
  /** The hash of the object, or what it is instead. Equal states mean an equal object. */
  readonly state: string;
}

/** The state of an object that is not there. */
export const absentState = "absent";

/** Whether a state is that of an object that could go live. */
export function isGoodState(state: string): boolean {
  return /^[0-9a-f]{64}$/.test(state);
}

/** What a manifest file is at one commit; null: not there. */
export type FileThere = { readonly blob: string; readonly facts: FileFacts } | null;

/** Manifest files at one commit, by path. */
export type FilesThere = ReadonlyMap<string, FileThere>;

/** Which documents and homes an object has when these files are changed to what they are there. */
export function moveStanding(
  subject: Subject,
  view: Pick<View, "standing" | "unreadable">,
  there: FilesThere,
): Pick<View, "standing" | "unreadable"> {
  const standing = view.standing.filter(({ file }) => !there.has(file));
  const unreadable = new Map(view.unreadable);
  for (const [file, found] of there) {
    if (subject.homes.includes(file)) unreadable.delete(file);
    if (!found) continue;
    for (const facts of found.facts.documents)
      if (standsFor(facts, subject)) standing.push({ file, blob: found.blob, facts });
    if (found.facts.unreadable && subject.homes.includes(file)) unreadable.set(file, found.blob);
  }
  return { standing, unreadable };
}

/** The files that the state of an object depends on besides the manifests. */
export function filesOf({ isCoarse }: Subject, standing: readonly Standing[]): string[] {
  return isCoarse ? [] : standing.flatMap(({ facts }) => facts.files);
}

/** One document of an object: where it stands, and what it comes to. */
export interface Followed {
  readonly file: string;
  readonly state: string;
}

/** The document that speaks for an object; null when none does, or no single one. */
export function speakerOf(subject: Subject, view: Omit<View, "state">): Followed | null {
  const [speaker, another] = speakersOf(subject, view);
  return speaker && !another ? { file: speaker.file, state: stateOfDocument(subject, speaker, view) } : null;
}

/**
 * The same document in another view: in its file or, where that has none of the object, in any. A copy that
 * lies elsewhere is another one, unless it is what speaks for the object.
 */
export function findFollowed(subject: Subject, view: View, { file, state }: Followed): Followed | null {
  const here = view.standing.filter((each) => each.file === file);
  const found = (here.length > 0 ? here : view.standing).find(
    (each) => stateOfDocument(subject, each, view) === state,
  );
  if (found) return { file: found.file, state };
  return view.state === state ? speakerOf(subject, view) : null;
}

function speakersOf({ storedPath }: Subject, { standing }: Pick<View, "standing">): readonly Standing[] {
  const preferred = standing.filter(({ file }) => file === storedPath);
  return standing.length > 1 && preferred.length === 1 ? preferred : standing;
}

const anyDigest = "0".repeat(64);

function stateOfDocument(
  { isCoarse }: Subject,
  { facts }: Standing,
  { digests }: Pick<View, "digests">,
): string {
  return facts.state((path) => (isCoarse ? anyDigest : (digests.get(path) ?? null)));
}

/** The state that documents, homes and digests come to. */
export function stateOf(subject: Subject, view: Omit<View, "state">): string {
  const states = speakersOf(subject, view).map((speaker) => stateOfDocument(subject, speaker, view));
  if (states.length === 1) return states[0] ?? absentState;
  if (states.length > 1) return `several:${states.toSorted().join(",")}`;
  if (subject.isCoarse && view.unreadable.size > 0) return "unreadable";
  const lost = [...view.unreadable].map(([file, blob]) => `${blob} ${file}`).toSorted();
  return lost.length > 0 ? `unreadable:${lost.join(",")}` : absentState;
}

function standsFor(facts: DocumentFacts, { key, storedName }: Subject): boolean {
  return facts.key === key || (facts.broken !== null && facts.nameKey === storedName);
}
