import { spokenName } from "../../plan/spoken-name.ts";
import { actorName } from "../../store/events/own-doing.ts";
import type { StoredDefinition } from "../../store/serving/serving-store.ts";
import type { ObjectStep, QuarantinedManifest, Store } from "../../store/store.ts";
import { problemLine } from "../output/change-lines.ts";
import { wholeSeconds } from "../output/output.ts";

/** Who made a definition what it is, and what waits to change it. */
export interface DefinitionOrigin {
  /** The step that made it what it is. */
  readonly step: ObjectStep | null;
  /** Changes of it that don't go live. */
  readonly waiting: readonly QuarantinedManifest[];
}

/** Looks up where a definition comes from. */
export async function readOrigin(store: Store, definition: StoredDefinition): Promise<DefinitionOrigin> {
  const steps = await store.history("ApiDefinition", definition.name, 1000);
  const sync = await store.readSync();
  return {
    step: steps.findLast(({ event }) => event.versionAfter === definition.version) ?? null,
    waiting: (sync?.quarantined ?? []).filter(
      ({ kind, id }) => kind === "ApiDefinition" && id === definition.id,
    ),
  };
}

/** The names of the definitions that are quarantined and were never live: one of them may be meant. */
export async function readUnborn(store: Store): Promise<readonly string[]> {
  const sync = await store.readSync();
  return (sync?.quarantined ?? [])
    .filter(({ kind, serving }) => kind === "ApiDefinition" && !serving)
    .map(({ name }) => name);
}

/** That step in lines: by whom, when, with whom. */
export function stepLines({ event }: ObjectStep): string[] {
  const { actor, action, time, revision, contributors, releasedBy } = event;
  const mail = actor.email === "" ? "" : ` <${actor.email}>`;
  return [
    `${action.padEnd(12)}by ${actorName(event)}${mail}, ${wholeSeconds(time)}, revision ${revision}`,
    ...(contributors.length > 0 ? [`with        ${contributors.map(spokenName).join(", ")}`] : []),
    ...(releasedBy ? [`released    by ${spokenName(releasedBy.author)}, commit ${releasedBy.commit}`] : []),
  ];
}

/** A change that waits, in lines: the first says whose it is, the others what is wrong with it. */
export function waitingLines(entry: QuarantinedManifest): string[] {
  const { author, commit, brokenBy, since, problems } = entry;
  const by = author ? ` by ${spokenName(author)}` : "";
  const where = commit === null ? "" : `, commit ${commit.slice(0, 7)}`;
  // What somebody else broke may well be what is live.
  const what = brokenBy ? "its manifest" : "a change";
  return [
    `quarantined ${what}${by}${where}, since ${wholeSeconds(since)}`,
    ...(brokenBy
      ? [`            broken by ${spokenName(brokenBy.author)}, commit ${brokenBy.commit.slice(0, 7)}`]
      : []),
    ...problems.map((problem) => `            ${problemLine(problem)}`),
  ];
}
