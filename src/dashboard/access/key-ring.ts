import type { Closeable } from "../../closeable.ts";
import { messageOf } from "../../errors.ts";
import type { Log } from "../../log.ts";
import type { UserSpec } from "../../manifest/user.generated.ts";
import type { Secret } from "../../secret.ts";
import type { Store } from "../../store/store.ts";
import { type ActingUser, administrator } from "./acting-user.ts";

/** Finds the secret behind an `env` or `file` reference; null when there is none that can be used. */
export type ResolveKey = (reference: {
  readonly env?: string | undefined;
  readonly file?: string | undefined;
}) => Promise<Secret | null>;

/** Whose key is whose. Only hashes are held (law 6). */
export interface KeyRing extends Closeable {
  /**
   * The user of a key; null for a key of nobody, of two users, or of an inactive user. It is looked up by its hash:
   * how long that takes tells nothing about the keys there are.
   */
  userOf(key: Secret): ActingUser | null;
  /** Resolves when the changes of the store that are known by now count. */
  settled(): Promise<void>;
}

/** Where the users come from, and what else opens the door. */
export interface KeyRingOptions {
  readonly store: Pick<Store, "objects" | "onChange">;
  readonly resolveKey: ResolveKey;
  /** Makes sure that an administrator can get in while no user can; null when one can. */
  readonly administratorKey: (usersCanManage: boolean) => Promise<Secret | null>;
  readonly log: Log;
}

/**
 * Reads the keys of all active users, and reads them again after every change of the store. A key that two
 * users share opens nothing. While the store is away the keys there are go on counting.
 */
export async function openKeyRing(options: KeyRingOptions): Promise<KeyRing> {
  const { store, log } = options;
  let users: ReadonlyMap<string, ActingUser> = new Map();
  let reading = Promise.resolve();
  const reread = () => (reading = reading.then(read));
  const subscription = await store.onChange(() => void reread());
  await reread();
  return {
    userOf: (key) => users.get(key.hexHash()) ?? null,
    settled: () => reading,
    close: () => subscription.close(),
  };

  async function read(): Promise<void> {
    try {
      users = await readKeys(options);
    } catch (error) {
      log.warn({ reason: messageOf(error) }, "the users' keys can't be read; those known go on counting");
    }
  }
}

async function readKeys(options: KeyRingOptions): Promise<Map<string, ActingUser>> {
  const found: (readonly [string, ActingUser])[] = [];
  for (const object of await options.store.objects("User")) {
    if (object.kind !== "User" || object.spec.active === false) continue;
    const hash = await hashOf(object.spec.key, options.resolveKey);
    if (hash !== null) found.push([hash, actingUser(object.name, object.spec)]);
  }
  const keys = new Map(found.filter(([hash]) => found.filter(([other]) => other === hash).length === 1));
  const usersCanManage = [...keys.values()].some(({ permissions }) => permissions.has("users.edit"));
  const key = await options.administratorKey(usersCanManage);
  if (key) keys.set(key.hexHash(), administrator);
  return keys;
}

async function hashOf(key: UserSpec["key"], resolveKey: ResolveKey): Promise<string | null> {
  if (!key) return null;
  if (key.sha256 !== undefined) return key.sha256;
  return (await resolveKey(key))?.hexHash() ?? null;
}

/** Commits need an address: without one of their own, users get one that nobody can receive mail at. */
function actingUser(user: string, { displayName, emails = [], permissions = [] }: UserSpec): ActingUser {
  const email = emails[0] ?? `${user}@gitway.invalid`;
  return { user, name: displayName, email, permissions: new Set(permissions) };
}
