import type { GitwayObject } from "../manifest/manifest.ts";
import type { FieldDifference } from "./plan.ts";

/** What differs between two versions of an object, field by field. Null stands for no object. */
export function fieldDifferences(
  before: GitwayObject | null,
  after: GitwayObject,
): readonly FieldDifference[] {
  return differences("", before ? content(before) : undefined, content(after));
}

function content({ name, labels, annotations, spec, files }: GitwayObject): Record<string, unknown> {
  return { metadata: { name, labels, annotations }, spec, files };
}

function differences(path: string, before: unknown, after: unknown): FieldDifference[] {
  if (isContainer(before ?? after) && isContainer(after ?? before) && sameForm(before, after)) {
    const keys = new Set([...Object.keys(before ?? {}), ...Object.keys(after ?? {})]);
    return [...keys]
      .toSorted()
      .flatMap((key) => differences(`${path}/${escape(key)}`, child(before, key), child(after, key)));
  }
  if (JSON.stringify(before) === JSON.stringify(after)) return [];
  return [{ path, ...(before === undefined ? {} : { before }), ...(after === undefined ? {} : { after }) }];
}

/** Lists are taken apart only when none of their items moved: else they read better as a whole. */
function sameForm(before: unknown, after: unknown): boolean {
  if (!Array.isArray(before) && !Array.isArray(after)) return true;
  if (!Array.isArray(before) || !Array.isArray(after)) return false;
  return before.length === after.length && [...before, ...after].every(isContainer);
}

function isContainer(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}

function child(value: unknown, key: string): unknown {
  return isContainer(value) && Object.hasOwn(value, key)
    ? (value as Record<string, unknown>)[key]
    : undefined;
}

function escape(key: string): string {
  return key.replaceAll("~", "~0").replaceAll("/", "~1");
}
