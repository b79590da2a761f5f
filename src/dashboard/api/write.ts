import { deriveId } from "../../manifest/identity.ts";
import type { Kind } from "../../manifest/manifest.ts";
import type { WantedObject } from "../../manifest/written-form.ts";
import type { EditMaker, EditOutcome, EditRequest } from "../../reconcile/edit-objects.ts";
import type { EditRefusal, ObjectEdit } from "../../reconcile/object-edit.ts";
import { refuse } from "../answers.ts";
import type { ApiContext } from "./api-route.ts";
import { type Flaw, reasonOf, type Subject } from "./reasons.ts";

/** How the Dashboard API writes: as commits, to branches of their own, or not at all. */
export interface Writing {
  readonly mode: "commit" | "branch" | "off";
  /** Null when this process does not reconcile. */
  readonly edit: ((request: EditRequest) => Promise<EditOutcome>) | null;
  /** The file of a new object. */
  readonly fileOf: (kind: Kind, name: string) => string;
}

/** What a user does. */
export interface Deed {
  readonly edits: readonly ObjectEdit[] | EditMaker;
  /** `Add API 'Payments'` */
  readonly summary: string;
}

/** Why nothing can be written here, whatever it is; null where something can. */
export function whyUnwritable({ mode, edit }: Writing): string | null {
  if (mode === "off")
    return "Nothing is written through this API (dashboard.edits is off): commit to the repository.";
  return edit ? null : "This process does not reconcile: write through the one that does.";
}

/**
 * Does what a user wants as a commit by that user. Gives the answer when it did not go live: a proposal, or a
 * commit that waits (202), or a refusal (400, 409); else null.
 */
export async function writeObjects(
  context: ApiContext,
  writing: Writing,
  { edits, summary }: Deed,
): Promise<Response | null> {
  const { mode, edit } = writing;
  if (!edit || whyUnwritable(writing))
    throw new Error(`${context.req.path} is not marked as one that commits`);
  const user = context.get("user");
  const outcome = await edit({
    by: { name: user.name, email: user.email },
    // A title may have line ends: what follows one would be the body of the message, or a trailer.
    message: `${summary.replaceAll(/\s+/g, " ")}\n\nThrough the Dashboard API.`,
    edits,
    proposal: mode === "branch" ? { user: user.user ?? "administrator", topic: summary } : null,
  });
  if (outcome.status === "refused") return answerRefusal(context, outcome.refusal, outcome.edits);
  if (outcome.status === "proposed")
    return accepted(
      context,
      `Proposed on the branch ${outcome.branch}: merge it to make it live.`,
      outcome.branch,
    );
  if (outcome.status !== "landed") return null;
  const { commit, branch, reason } = outcome;
  return accepted(
    context,
    `Commit ${commit} is on the branch ${branch}, but not live as asked. ${reason}`,
    commit,
  );
}

/** What was taken, and does not hold yet. */
export function accepted(context: ApiContext, message: string, meta: string): Response {
  return context.json({ Status: "OK", Message: message, Meta: meta }, 202);
}

/** The envelope of what worked. */
export function done(context: ApiContext, message: string, meta: string | null): Response {
  return context.json({ Status: "OK", Message: message, Meta: meta });
}

/** What a refusal of wrong objects says first, in the words of the Dashboard API (Dashboard facts 1.1, 1.9). */
export const invalid: Readonly<Record<Kind, string>> = {
  ApiDefinition: "API object validation failed",
  ApiToken: "Token object validation failed",
  Webhook: "Webhook object validation failed.",
  User: "User object validation failed",
};

/** That another object has the id, in the words of the Dashboard API (Dashboard facts 1.2, 1.9). */
export const sameId = "Found API with the same ID";
const sameWebhookId = "Duplicate webhook_id.";

/** All that is wrong with a request: sentences, and for those that have one the structured reason. */
export function answerProblems(
  context: ApiContext,
  message: string,
  problems: readonly Flaw[],
  { status = 400, ...subject }: Subject & { readonly status?: 400 | 409 } = {},
): Response {
  const Errors = problems.map((problem) => problem.message);
  const Reasons = problems.flatMap((problem) => reasonOf(problem, subject) ?? []);
  return context.json({ Status: "Error", Message: message, Meta: null, Errors, Reasons }, status);
}

function answerRefusal(
  context: ApiContext,
  { reason, message, problems }: EditRefusal,
  edits: readonly ObjectEdit[],
): Response {
  if (reason === "conflict") return refuse(context, 409, message);
  // What else an edit brings along comes before what it is about.
  const wanted = edits.flatMap((edit) => ("wanted" in edit ? [edit.wanted] : [])).at(-1);
  const kind = wanted?.kind ?? "ApiDefinition";
  const subject = wanted ? subjectOf(wanted) : {};
  if (!problems.some(({ code }) => code === "duplicate-id"))
    return answerProblems(context, invalid[kind], problems, subject);
  const taken = kind === "Webhook" ? sameWebhookId : sameId;
  return answerProblems(context, taken, problems, { status: 409, ...subject });
}

function subjectOf({ kind, name, id = deriveId(kind, name), spec }: WantedObject): Subject {
  const { route, listenPath } = spec as Record<string, unknown>;
  const address = route ?? listenPath;
  return { id, route: typeof address === "string" ? address : undefined };
}
