import { gitwayActor } from "../../plan/plan.ts";
import { spokenName } from "../../plan/spoken-name.ts";
import type { InformationEvent } from "../information-event.ts";

/** Whether Gitway did it of itself. Events of before that was noted are told by the name of the actor. */
export function isOwnDoing({ byGitway, actor }: Pick<InformationEvent, "byGitway" | "actor">): boolean {
  return byGitway ?? (actor.name === gitwayActor.name && actor.email === gitwayActor.email);
}

/** What people call the actor of an event. */
export function actorName(event: Pick<InformationEvent, "byGitway" | "actor">): string {
  return isOwnDoing(event) ? gitwayActor.name : spokenName(event.actor);
}
