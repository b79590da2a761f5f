import type { UserSpec } from "../../manifest/user.generated.ts";
import type { Person } from "../../plan/plan.ts";

/** Something that a user may do. */
export type Permission = NonNullable<UserSpec["permissions"]>[number];

/** Who makes a request: what events and commits name, and what the user may do. */
export interface ActingUser extends Person {
  /** The name of the `User`; null for the administrator of a first start. */
  readonly user: string | null;
  readonly permissions: ReadonlySet<Permission>;
}

/** All permissions there are. */
export const allPermissions = [
  "definitions.read",
  "definitions.edit",
  "definitions.delete",
  "tokens.read",
  "tokens.edit",
  "tokens.delete",
  "automation.execute",
  "users.edit",
  "sync.manage",
] as const satisfies readonly Permission[];

/** The user of the key that a first start makes. */
export const administrator: ActingUser = {
  user: null,
  name: "Administrator",
  email: "administrator@gitway.invalid",
  permissions: new Set(allPermissions),
};
