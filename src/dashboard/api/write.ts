import type { Kind } from "../../manifest/manifest.ts";
import type { EditOutcome, EditRefusal, EditRequest, ObjectEdit } from "../../reconcile/edit-objects.ts";
import { refuse } from "../answers.ts";
import type { ApiContext } from "./api-route.ts";
import { type Flaw, reasonOf } from "./reasons.ts";

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
  readonly edits: readonly ObjectEdit[];
  /** `Add API 'Payments'` */
  readonly summary: string;
}

/**
 * Does what a user wants as a commit by that user. Gives the answer when it did not go live: a proposal, or a
 * commit that waits (202), a refusal (400, 409), or that nothing is written here (405); else null.
 */
export async function writeObjects(
  context: ApiContext,
  { mode, edit }: Writing,
  { edits, summary }: Deed,
): Promise<Response | null> {
  if (mode === "off")
    return refuse(
      context,
      405,
      "Nothing is written through this API (dashboard.edits is off): commit to the repository.",
    );
  if (!edit) return refuse(context, 405, "This process does not reconcile: write through the one that does.");
  const user = context.get("user");
  const outcome = await edit({
    by: { name: user.name, email: user.email },
    // A title may have line ends: what follows one would be the body of the message, or a trailer.
    message: `${summary.replaceAll(/\s+/g, " ")}\n\nThrough the Dashboard API.`,
    edits,
    proposal: mode === "branch" ? { user: user.user ?? "administrator", topic: summary } : null,
  });
  if (outcome.status === "refused") return answerRefusal(context, outcome.refusal);
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

/** All that is wrong with a request: sentences, and for those that have one the structured reason. */
export function answerProblems(
  context: ApiContext,
  message: string,
  problems: readonly Flaw[],
  status: 400 | 409 = 400,
): Response {
  const Errors = problems.map((problem) => problem.message);
  const Reasons = problems.map((problem) => reasonOf(problem)).filter((reason) => reason !== null);
  return context.json({ Status: "Error", Message: message, Meta: null, Errors, Reasons }, status);
}

function answerRefusal(context: ApiContext, { reason, message, problems }: EditRefusal): Response {
  if (reason === "conflict") return refuse(context, 409, message);
  if (problems.some(({ code }) => code === "duplicate-id"))
    return answerProblems(context, sameId, problems, 409);
  return answerProblems(context, "API object validation failed", problems);
}

/** In the words of the Dashboard API (Dashboard facts 1.2). */
export const sameId = "Found API with the same ID";

/** The hash that `If-Match` names, or that of what there is now. */
export function seenHash(context: ApiContext, current: string): string {
  const asked = context.req.header("if-match")?.trim() ?? "";
  return asked === "" || asked === "*" ? current : asked.replace(/^(?:W\/)?"(.*)"$/, "$1");
}
