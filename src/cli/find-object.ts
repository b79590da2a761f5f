import { closest } from "../closest.ts";
import { AppError } from "../errors.ts";
import type { Kind } from "../manifest/manifest.ts";
import type { StoredObject } from "../plan/plan.ts";
import type { Store } from "../store/store.ts";

/** The live object of that name; `not-found`, with what was probably meant, when there is none. */
export async function findObject(store: Store, kind: Kind, name: string): Promise<StoredObject> {
  const [found] = await store.objects(kind, name);
  if (found) return found;
  const all = await store.objects(kind);
  const meant = closest(
    name,
    all.map((object) => object.name),
  );
  const advice =
    meant === null
      ? "Is its manifest committed and applied? 'gitway status' says."
      : `Did you mean '${meant}'?`;
  throw new AppError("not-found", `There is no ${kind} '${name}'. ${advice}`);
}
