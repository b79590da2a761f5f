import { canonicalJson } from "../manifest/canonical.ts";
import { deriveId } from "../manifest/identity.ts";
import { objectKey } from "../manifest/manifest.ts";
import { quoteForPeople } from "../manifest/pointer.ts";
import type { WantedObject } from "../manifest/written-form.ts";
import { type DumpItem, type DumpProblem, mostProblems } from "./dashboard-dump.ts";
import { definitionFromDashboard } from "./definition-from-dashboard.ts";
import type { DefinitionObject } from "./definition-notation.ts";
import { definitionSides } from "./definition-to-dashboard.ts";
import { createDumpMatcher, type Importable, keysGiven } from "./dump-match.ts";
import { fieldPointer } from "./field-pointer.ts";
import type { DashboardProblem } from "./fields.ts";
import { gitwayOf } from "./gitway-member.ts";
import { changedCopies } from "./hook-copies.ts";
import { ownField } from "./json-object.ts";
import { unstorable } from "./unstorable.ts";
import { type NewWebhook, type WebhookBook, webhookBook } from "./webhook-book.ts";
import { webhookFromDashboard, webhookWithoutEffect } from "./webhook-exchange.ts";
import type { WebhookObject } from "./webhook-notation.ts";

/** What a dump is imported beside. */
export interface ImportContext {
  readonly orgId: string;
  /** The path below which routes are served. */
  readonly routeBase: string;
  /** The definitions and webhooks that there are manifests for. */
  readonly manifests: readonly Importable[];
}

/** An object that a dump asks for. */
export interface ImportedObject {
  readonly item: DumpItem;
  /** The manifest that it is already; null for a new one. */
  readonly existing: Importable | null;
  /** With all defaults. Files are paths in the repository. */
  readonly wanted: WantedObject;
  /** Fields that are kept as given and have no effect. */
  readonly withoutEffect: readonly string[];
}

/** What a dump becomes, or what is wrong with it. */
export interface DumpImport {
  /** Webhooks first. */
  readonly objects: readonly ImportedObject[];
  readonly problems: readonly DumpProblem[];
  readonly warnings: readonly DumpProblem[];
}

/**
 * Makes objects of what a dump holds: with the ids that they have there, and names that are unique. What is
 * there already is updated as by a PUT: what only its manifest says stays.
 */
export function importDump(items: readonly DumpItem[], context: ImportContext): DumpImport {
  const importing = beginImport(context);
  const inOrder = items.toSorted((a, b) => rankOf(a) - rankOf(b));
  for (const { kind, add } of steps)
    for (const item of inOrder)
      if (item.kind === kind && importing.problems.length < mostProblems) add(importing, item);
  const { objects, problems, warnings } = importing;
  return { objects, problems, warnings };
}

/** Webhooks first, since definitions refer to them. */
const steps = [
  { kind: "Webhook", add: addWebhook },
  { kind: "ApiDefinition", add: addDefinition },
] as const;

/** Whoever chose a name has it; then come those that say who they are, and the others get what is left. */
function rankOf(item: DumpItem): number {
  if (typeof ownField(gitwayOf(item.json), "name") === "string") return 0;
  return keysGiven(item).length > 0 ? 1 : 2;
}

interface Importing extends ImportContext {
  readonly match: ReturnType<typeof createDumpMatcher>;
  readonly objects: ImportedObject[];
  readonly problems: DumpProblem[];
  readonly warnings: DumpProblem[];
  readonly names: Record<DumpItem["kind"], Set<string>>;
  /** What was imported, by what tells it from others. */
  readonly taken: Map<string, DumpItem>;
  readonly webhooks: Map<string, WebhookObject>;
  /** Null until it is asked for again. */
  book: WebhookBook | null;
}

function beginImport(context: ImportContext): Importing {
  const { manifests } = context;
  const names = { ApiDefinition: new Set<string>(), Webhook: new Set<string>() };
  for (const { kind, name } of manifests) names[kind].add(name);
  const webhooks = new Map<string, WebhookObject>();
  for (const manifest of manifests) if (manifest.kind === "Webhook") webhooks.set(manifest.name, manifest);
  return {
    ...context,
    match: createDumpMatcher(manifests),
    objects: [],
    problems: [],
    warnings: [],
    names,
    taken: new Map(),
    webhooks,
    book: null,
  };
}

function addWebhook(importing: Importing, item: DumpItem): void {
  const existing = findExisting(importing, item);
  if (existing === undefined) return;
  const previous = existing as WebhookObject | null;
  const { names, orgId } = importing;
  const { webhook, problems } = webhookFromDashboard(item.json, {
    orgId,
    previous,
    takenNames: names.Webhook,
    keepIds: true,
  });
  if (!webhook) return refuse(importing, item, problems);
  const object = storedForm(webhook, previous);
  keepWebhook(importing, object);
  const withoutEffect = webhookWithoutEffect(object, orgId);
  importing.objects.push({ item, existing, wanted: webhook, withoutEffect });
}

function addDefinition(importing: Importing, item: DumpItem): void {
  const existing = findExisting(importing, item);
  if (existing === undefined) return;
  const previous = existing as DefinitionObject | null;
  const { names, orgId, routeBase } = importing;
  const wrapper = item.isBare ? { api_definition: item.json } : item.json;
  const { definition, ...reading } = definitionFromDashboard(wrapper, {
    orgId,
    routeBase,
    webhooks: bookOf(importing),
    previous,
    takenNames: names.ApiDefinition,
    keepIds: true,
    strict: !item.isBare,
  });
  if (!definition) return refuse(importing, item, reading.problems);
  if ("webhooks" in reading) addReferenced(importing, item, reading.webhooks);
  for (const { pointer, message } of changedCopies(wrapper, bookOf(importing)))
    importing.warnings.push(problemAt(item, pointer, "hook-copy", message));
  names.ApiDefinition.add(definition.name);
  const context = { orgId, routeBase, webhooks: bookOf(importing) };
  const { withoutEffect } = definitionSides(storedForm(definition, previous), context);
  importing.objects.push({ item, existing, wanted: definition, withoutEffect });
}

/** The webhooks that a definition brings along, because they are in no list. */
function addReferenced(importing: Importing, item: DumpItem, created: readonly NewWebhook[]): void {
  for (const webhook of created) {
    const object = storedForm({ ...webhook, labels: {}, annotations: {} }, null);
    keepWebhook(importing, object);
    const withoutEffect = webhookWithoutEffect(object, importing.orgId);
    importing.objects.push({ item, existing: null, wanted: webhook, withoutEffect });
  }
}

function keepWebhook(importing: Importing, webhook: WebhookObject): void {
  importing.webhooks.set(webhook.name, webhook);
  importing.names.Webhook.add(webhook.name);
  importing.book = null;
}

function bookOf(importing: Importing): WebhookBook {
  importing.book ??= webhookBook([...importing.webhooks.values()], importing.orgId);
  return importing.book;
}

/** The manifest that an item is already; undefined when it is not to be imported, for a reason that is noted. */
function findExisting(importing: Importing, item: DumpItem): Importable | null | undefined {
  const { found, others } = importing.match(item);
  const [other] = others;
  if (other) {
    const names = [found, other].map((each) => quoteForPeople(each?.name ?? "")).join(" and ");
    const message = `Its ids and its name are those of two manifests, ${names}: correct one of them.`;
    importing.problems.push(problemAt(item, "", "ambiguous", message));
    return undefined;
  }
  const keys = [...keysGiven(item), ...(found ? [objectKey(found)] : [])];
  return isRepeated(importing, item, keys) ? undefined : found;
}

/** Whether the same thing was in the dump before. One that differs from it is a problem. */
function isRepeated({ taken, problems }: Importing, item: DumpItem, keys: readonly string[]): boolean {
  const first = keys.flatMap((key) => taken.get(key) ?? [])[0];
  for (const key of keys) if (!taken.has(key)) taken.set(key, item);
  if (!first) return false;
  // What is too deep to be compared is told where it comes first.
  const areComparable = [first, item].every(({ json }) => unstorable(json).length === 0);
  if (areComparable && canonicalJson(first.json) === canonicalJson(item.json)) return true;
  const message = `It is in the dump twice, and differs from ${first.file}${first.pointer && ` at ${first.pointer}`}: keep one.`;
  problems.push(problemAt(item, "", "duplicate", message));
  return true;
}

function refuse(importing: Importing, item: DumpItem, problems: readonly DashboardProblem[]): void {
  for (const { field, code, message } of problems)
    importing.problems.push(problemAt(item, pointerIn(item, field), code, message));
}

/** Where a field is in the JSON of an item. */
function pointerIn({ kind, isBare, json }: DumpItem, field: string): string {
  const isWhole = kind === "Webhook" || isBare;
  const pointer = fieldPointer(isWhole ? { api_definition: json } : json, field);
  return isWhole ? pointer.replace(/^\/api_definition(?=\/|$)/, "") : pointer;
}

function problemAt(item: DumpItem, pointer: string, code: string, message: string): DumpProblem {
  const { file, title } = item;
  return { file, pointer: item.pointer + pointer, title, code, message };
}

function storedForm<
  Read extends { readonly kind: DumpItem["kind"]; readonly name: string; readonly id?: string },
>(
  read: Read,
  previous: { readonly id: string } | null,
): Read & { readonly id: string; readonly files: Record<string, string>; readonly hash: string } {
  const id = previous?.id ?? read.id ?? deriveId(read.kind, read.name);
  return { ...read, id, files: {}, hash: "" };
}
