import { problemAt, placeText } from "./check-set.ts";
import type { Manifest } from "./manifest.ts";
import { quoteForPeople } from "./pointer.ts";
import type { Problem } from "./problem.ts";

/**
 * Warnings about e-mail addresses that several users have: events can name but one of them, the first by name,
 * as who owns the address of an author.
 */
export function sharedAddresses(manifests: readonly Manifest[]): Problem[] {
  const owners = new Map<string, Manifest>();
  return manifests
    .filter(isUser)
    .toSorted(byName)
    .flatMap((user) =>
      (user.spec.emails ?? []).flatMap((email, index) => {
        const address = email.toLowerCase();
        const owner = owners.get(address) ?? user;
        owners.set(address, owner);
        return owner === user ? [] : [sharedAddress(user, `/spec/emails/${index}`, email, owner)];
      }),
    );
}

type User = Extract<Manifest, { kind: "User" }>;

function isUser(manifest: Manifest): manifest is User {
  return manifest.kind === "User";
}

function byName(one: Manifest, other: Manifest): number {
  return one.name < other.name ? -1 : 1;
}

function sharedAddress(user: User, path: string, email: string, owner: Manifest): Problem {
  const first = `User ${quoteForPeople(owner.name)} (${placeText(owner.place)})`;
  const message = `The address ${quoteForPeople(email)} is that of ${first} too, whom events name as its owner: leave it to one of the two.`;
  return { ...problemAt(user, path, "shared-address", message), severity: "warning" };
}
