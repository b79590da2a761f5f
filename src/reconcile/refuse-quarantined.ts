import { type Manifest, type ManifestSet, objectKey } from "../manifest/manifest.ts";
import type { Problem } from "../manifest/problem.ts";
import { outlookOf } from "../plan/outlook.ts";
import type { Blame } from "../source/open-source.ts";
import type { SyncStatus } from "../store/store.ts";
import { conflict, type EditRefusal, type EditTarget } from "./object-edit.ts";
import type { PassParts } from "./pass.ts";

/** An object at a commit whose tree says this; its manifest, when that is good by itself. */
export interface Standing {
  readonly commit: string;
  readonly set: ManifestSet;
  readonly there: Manifest | undefined;
}

/**
 * That an object can't be edited before its quarantine ends: the file, the line, and whom to ask. Null when it
 * is not quarantined.
 */
export async function refuseQuarantined(
  parts: PassParts,
  target: EditTarget,
  standing: Standing,
): Promise<EditRefusal | null> {
  const status = await parts.store.readSync();
  const entry = status?.quarantined.find((each) => objectKey(each) === objectKey(target));
  const problem = standing.there ? entry?.problems[0] : faultOf(standing.set, target);
  if (!problem) return null;
  const blame = await blameOf(parts, target, { ...standing, problem, status });
  const what = `${target.kind} '${target.name}' is quarantined: mend ${problem.file}:${problem.line} first`;
  return conflict(`${what}${blame ? wordsOf(blame) : ""}. ${problem.message}`, [problem]);
}

/** Why an object can't be read: its document is broken, or it may be in a place that can't be read at all. */
function faultOf({ broken, unidentified }: ManifestSet, target: EditTarget): Problem | undefined {
  const own = broken.find(
    (each) => each.kind === target.kind && (each.id === target.id || each.name === target.name),
  );
  return own?.problems[0] ?? unidentified.find(({ file }) => file === target.path) ?? unidentified[0];
}

/** What the last pass said, brought up to the commit. */
async function blameOf(
  { source, store, pruneLimit }: PassParts,
  target: EditTarget,
  { commit, there, problem, status }: Standing & { problem: Problem; status: SyncStatus | null },
): Promise<Blame | null> {
  const current = await store.current();
  const input = { current, commit, origin: current.origin ?? "", pruneLimit, allowPrune: false };
  const { kind, id, name } = target;
  const key = objectKey(target);
  const entry = status?.quarantined.find((each) => objectKey(each) === key);
  const known =
    entry?.author && entry.commit
      ? { author: entry.author, commit: entry.commit, brokenBy: entry.brokenBy ?? null }
      : null;
  const stored = current.objects.find((each) => objectKey(each) === key) ?? null;
  const [blame = null] = await source.blame(
    [{ kind, id, name, stored, file: problem.file, manifest: there ?? null, known }],
    {
      to: commit,
      since: status?.attempted?.commit ?? null,
      lookAt: (set, wanted, trailer) => outlookOf({ ...input, set, trailer }, wanted),
    },
  );
  return blame;
}

function wordsOf({ author, commit, brokenBy }: Blame): string {
  const breaker = brokenBy ? `, and ${brokenBy.author.name} broke (commit ${short(brokenBy.commit)})` : "";
  return `, which ${author.name} changed last (commit ${short(commit)})${breaker}`;
}

function short(commit: string): string {
  return commit.slice(0, 12);
}
