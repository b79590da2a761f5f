import type { Standing } from "./history-trees.ts";
import type { RandomCommit } from "./random-history.ts";

/** An object along a history: what it is at each commit. */
export interface FollowedObject {
  readonly history: readonly RandomCommit[];
  readonly states: readonly string[];
  readonly standing: readonly (readonly Standing[])[];
  readonly storedPath: string | null;
}

/** Of several documents for one object, the one at the place of the stored version speaks for it. */
export function speakers(standing: readonly Standing[], storedPath: string | null): readonly Standing[] {
  const atStored = standing.filter(({ file }) => file === storedPath);
  return standing.length > 1 && atStored.length === 1 ? atStored : standing;
}

export function stateOf(
  speaking: readonly Standing[],
  lost: readonly { readonly path: string; readonly text: string }[],
): string {
  if (speaking.length > 0)
    return speaking
      .map(({ state }) => state)
      .toSorted()
      .join(" and ");
  return lost.length === 0 ? "absent" : lost.map(({ path, text }) => `lost ${path} ${text}`).join(" and ");
}

/** The commits from one on, always at the first parent where the object is equal. */
export function followState(
  { history, states }: Pick<FollowedObject, "history" | "states">,
  start: number,
): readonly number[] {
  const path: number[] = [];
  for (let commit: number | undefined = start; commit !== undefined;) {
    path.push(commit);
    commit = history[commit]?.parents.find((parent) => states[parent] === states[path.at(-1) as number]);
  }
  return path;
}

/** The same for the one document that speaks for the object at the start, wherever it stood before. */
export function followDocument(object: FollowedObject, start: number): readonly number[] {
  const { history, states, standing, storedPath } = object;
  const [speaker, another] = speakers(standing[start] ?? [], storedPath);
  if (!speaker || another) return followState(object, start);
  const path = [start];
  for (let at = { commit: start, file: speaker.file }; ;) {
    const parents = history[at.commit]?.parents ?? [];
    const next = parents.flatMap((parent) => {
      const all = standing[parent] ?? [];
      const here = all.filter(({ file }) => file === at.file);
      const same = (here.length > 0 ? here : all).find(({ state }) => state === speaker.state);
      const speaking = states[parent] === speaker.state ? speakers(all, storedPath)[0] : undefined;
      const found = same ?? speaking;
      return found ? [{ commit: parent, file: found.file }] : [];
    })[0];
    if (!next) return path;
    path.push(next.commit);
    at = next;
  }
}

/** The commit at the end of a path made what is on it, unless there never was anything. */
export function makerOn({ history, states }: FollowedObject, path: readonly number[]): number | null {
  const last = path.at(-1);
  if (last === undefined) return null;
  const isFirst = history[last]?.parents.length === 0;
  return isFirst && states[last] === "absent" ? null : last;
}
