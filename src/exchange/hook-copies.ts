import { canonicalJson } from "../manifest/canonical.ts";
import { pointerTo, quoteForPeople } from "../manifest/pointer.ts";
import { isObject, type JsonObject, objectAt, ownField } from "./json-object.ts";
import type { WebhookBook } from "./webhook-book.ts";

/** A reference to a webhook in which it is copied as it is not. */
export interface ChangedCopy {
  /** JSON pointer into the wrapper. */
  readonly pointer: string;
  readonly message: string;
}

const copied = ["name", "method", "target_path", "template_path", "header_map"] as const;

/**
 * The references whose copy of a webhook differs from the webhook itself: older Dashboards went on calling
 * the copy (Dashboard facts 1.8), and here the webhook is called.
 */
export function changedCopies(wrapper: JsonObject, webhooks: WebhookBook): ChangedCopy[] {
  const references = ownField(wrapper, "hook_references");
  if (!Array.isArray(references)) return [];
  return (references as unknown[]).flatMap((reference, index) => {
    const copy = isObject(reference) ? objectAt(reference, "hook") : {};
    const id = ownField(copy, "id");
    const name = typeof id === "string" ? webhooks.nameOf(id) : undefined;
    const hook = name === undefined ? undefined : webhooks.hookOf(name);
    if (name === undefined || !hook) return [];
    const changed = copied.filter((field) => says(copy[field]) && !areEqual(copy[field], hook[field]));
    if (changed.length === 0) return [];
    return [
      {
        pointer: pointerTo("/hook_references", index, "hook"),
        message: `This is a copy of the webhook ${quoteForPeople(name)} that differs in ${changed.join(", ")}: the webhook itself is called.`,
      },
    ];
  });
}

function says(value: unknown): boolean {
  if (value === undefined || value === null || value === "") return false;
  return !isObject(value) || Object.keys(value).length > 0;
}

function areEqual(a: unknown, b: unknown): boolean {
  return canonicalJson(a) === canonicalJson(b);
}
