import type { Person } from "../plan/plan.ts";
import type { Source } from "../source/open-source.ts";
import { isOwnDoing } from "../store/events/own-doing.ts";
import type { InformationEvent } from "../store/information-event.ts";
import type { EventInspection } from "../store/store.ts";

/** Replays Git against events, and counts what it could not replay. */
export interface CommitComparison {
  readonly inspect: EventInspection;
  /** Commits that events name and the source does not have, any more or yet. */
  readonly unknown: ReadonlySet<string>;
}

type People = Awaited<ReturnType<Source["commits"]>>;

/**
 * Compares who events say made a change with who the commit says made it. A commit that the source lacks
 * (rewritten history, a shallow source) proves nothing either way.
 */
export function compareWithCommits(source: Pick<Source, "commits">): CommitComparison {
  const unknown = new Set<string>();
  return {
    unknown,
    async inspect(events) {
      const named = new Set(events.flatMap(commitsOf));
      const people = await source.commits([...named]);
      for (const commit of named) if (!people.has(commit)) unknown.add(commit);
      return new Map(events.map((event) => [event.id, differencesOf(event, people)]));
    },
  };
}

function commitsOf({ commit, releasedBy, firstWritten }: InformationEvent): string[] {
  return [commit, releasedBy?.commit ?? null, firstWritten?.commit ?? null].filter((id) => id !== null);
}

function differencesOf(event: InformationEvent, people: People): string[] {
  const { commit, releasedBy, firstWritten, actor, committer, authoredAt } = event;
  const made = commit === null ? undefined : people.get(commit);
  const released = releasedBy ? people.get(releasedBy.commit) : undefined;
  const first = firstWritten ? people.get(firstWritten.commit) : undefined;
  // What Gitway does of itself, it does at somebody else's commit.
  const isOwn = isOwnDoing(event);
  return [
    ...(made && !isOwn ? difference("author", actor, made.author, commit) : []),
    ...(made && !isOwn ? difference("committer", committer, made.committer, commit) : []),
    ...(made && !isOwn ? timeDifference(authoredAt, made.authoredAt, commit) : []),
    ...(released && releasedBy
      ? difference("release", releasedBy.author, released.author, releasedBy.commit)
      : []),
    ...(first && firstWritten
      ? [
          ...difference("first author", firstWritten.author, first.author, firstWritten.commit),
          ...timeDifference(firstWritten.authoredAt, first.authoredAt, firstWritten.commit),
        ]
      : []),
  ];
}

function difference(role: string, said: Person | null, fact: Person, commit: string | null): string[] {
  if (said?.name === fact.name && said.email === fact.email) return [];
  return [`Its ${role} is ${personText(said)}, and commit ${commit} says ${personText(fact)}.`];
}

/** Events from before there were times do not say one. */
function timeDifference(
  said: string | null | undefined,
  fact: string | null,
  commit: string | null,
): string[] {
  if (said === undefined || said === fact) return [];
  return [`Its time is ${said}, and commit ${commit} says ${fact}.`];
}

function personText(person: Person | null): string {
  return person === null ? "nobody" : `'${person.name} <${person.email}>'`;
}
