import type { Identity } from "../manifest/manifest.ts";

/**
 * The object that a request names: by an id, or else by its name. A manifest may be named like the id of
 * another object, and then the id is meant.
 */
export function findNamed<T extends Pick<Identity, "id" | "name">>(
  objects: readonly T[],
  asked: string,
  idsOf: (object: T) => readonly string[] = ({ id }) => [id],
): T | undefined {
  return (
    objects.find((object) => idsOf(object).includes(asked)) ?? objects.find(({ name }) => name === asked)
  );
}
