import { printableLine } from "../printable.ts";
import { gitwayActor, type Person } from "./plan.ts";

/** Whether somebody is the reserved actor: it itself, since a commit may call its author anything. */
export function isGitway(person: Person): boolean {
  return person === gitwayActor;
}

/**
 * What people call somebody: the name, else the address. A commit is not always as honest as its reader:
 * one that says Gitway made it is somebody else's, and characters that hide or turn text around are shown.
 */
export function spokenName(person: Person): string {
  if (isGitway(person)) return gitwayActor.name;
  const [name, email] = [person.name, person.email].map((text) => printableLine(text).trim());
  if (name?.toLowerCase() === gitwayActor.name.toLowerCase()) return `the author '${name}'`;
  return name || email || "an unnamed author";
}
