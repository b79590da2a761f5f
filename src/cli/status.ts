import type { Command } from "commander";

import { spokenName } from "../plan/spoken-name.ts";
import type { LimitNotice } from "../store/limits/limit-store.ts";
import type {
  HeldDeletion,
  QuarantinedManifest,
  RevisionMark,
  StayingObjects,
  Store,
  Suspension,
  SyncStatus,
} from "../store/store.ts";
import { formatDuration } from "../units.ts";
import { addConfigFlags, commandLog, configOf } from "./config-flags.ts";
import { withStore } from "./open-parts.ts";
import { heldLine, problemLine, quarantineLine } from "./output/change-lines.ts";
import { formatFlag } from "./output/formats.ts";
import { ago, counted, print, printJson, talk } from "./output/output.ts";
import { suspensionText } from "./output/suspension-text.ts";
import { type UnusableToken, unusableTokens } from "./output/token-state.ts";

/** `gitway status`: how reconciling stands. Exit 1 unless everything is live. */
export function addStatus(program: Command): void {
  const command = program
    .command("status")
    .description(
      "Print how reconciling stands: revisions, what is held, quarantined or suspended, and why. Also tokens whose secret is of no use, and rate limits that were hit.",
    )
    .addOption(formatFlag())
    .action(async (options: { format: string }) => {
      const config = configOf(command);
      const { status, suspension, ...more } = await withStore(config, commandLog(config), readStatus);
      if (options.format === "json")
        printJson(status || suspension ? { ...status, ...more, suspension } : null);
      else {
        if (suspension) showSuspension(suspension);
        if (status) showStatus(status, more);
        else talk("No pass has run yet. Run one with: gitway apply");
      }
      process.exitCode = status === null || status.state === "synced" ? 0 : 1;
    });
  addConfigFlags(command);
}

interface Standing {
  readonly status: SyncStatus | null;
  readonly notices: readonly LimitNotice[];
  readonly unusableTokens: readonly UnusableToken[];
  readonly suspension: Suspension | null;
}

async function readStatus(store: Store): Promise<Standing> {
  const [status, notices, suspension, tokens, credentials] = await Promise.all([
    store.readSync(),
    store.notices(),
    store.suspension(),
    store.objects("ApiToken"),
    store.allCredentials(),
  ]);
  return { status, notices, unusableTokens: unusableTokens(tokens, credentials), suspension };
}

function showSuspension(suspension: Suspension): void {
  print(`suspended  ${suspensionText(suspension)} (${ago(suspension.since)})`, "warning");
  print("    nothing goes live until: gitway resume");
}

function showStatus(
  status: SyncStatus,
  { notices, unusableTokens }: Pick<Standing, "notices" | "unusableTokens">,
): void {
  const { source, state, since, error } = status;
  print(`state      ${state} since ${since} (${ago(since)})`, state === "synced" ? "added" : "warning");
  if (error) print(`error      ${error.message} [${error.code}]`, "error");
  if (status.staying) print(`staying    ${stayingText(status.staying)}`);
  print(`source     ${source.url}`);
  print(`branch     ${source.branch}`);
  print(`paths      ${source.paths.join(", ")}`);
  print(`attempted  ${markText(status.attempted)}`);
  print(`applied    ${markText(status.applied)}`);
  print(`converged  ${markText(status.converged)}`);
  if (status.waiting) print(waitingLine(status.waiting), "warning");
  for (const entry of status.quarantined) showQuarantined(entry);
  for (const held of status.held) showHeld(held);
  const told = new Set(status.quarantined.flatMap(({ problems }) => problems.map(problemLine)));
  for (const line of status.problems.map(problemLine)) if (!told.has(line)) print(line, "warning");
  for (const token of unusableTokens) showUnusable(token);
  for (const notice of notices) showNotice(notice);
}

function waitingLine({ commit, created, updated, deleted }: NonNullable<SyncStatus["waiting"]>): string {
  return `waiting    commit ${commit.slice(0, 7)}: ${created} to add, ${updated} to update, ${deleted} to delete; see: gitway plan`;
}

function stayingText({ revision, count, objects }: StayingObjects): string {
  const names = objects.map(({ kind, name }) => `${kind} ${name}`);
  const more = count > objects.length ? `, and ${count - objects.length} more` : "";
  const list = names.length === 0 ? "" : `: ${names.join(", ")}${more}`;
  return `nothing was changed; revision ${revision} goes on with ${counted(count, "object")}${list}`;
}

function showNotice({ kind, name, objectId, limit, window, since }: LimitNotice): void {
  const rate = `${limit} requests in ${formatDuration(window)}`;
  print(`notice     ${kind} ${name} (${objectId}) hit its limit of ${rate}`, "warning");
  const word = kind === "ApiToken" ? "token" : "definition";
  print(`    since ${since} (${ago(since)}); clear it with: gitway clear-notice ${word} ${name}`);
}

const whyUnusable: Partial<Record<UnusableToken["state"], string>> = {
  "no secret": "its reference gives no secret that can be used",
  revoked: "the secret that it refers to was revoked: refer to another",
  ended: "its secrets have come to their end",
};

function showUnusable({ name, id, state }: UnusableToken): void {
  print(`unusable   ApiToken ${name} (${id}): ${whyUnusable[state] ?? state}`, "warning");
}

function showQuarantined(entry: QuarantinedManifest): void {
  print(quarantineLine(entry), "error");
  print(`    since ${entry.since} (${ago(entry.since)})${byWhom(entry)}`);
  for (const problem of entry.problems) print(`    ${problemLine(problem)}`);
  const { lastGood } = entry;
  if (lastGood)
    print(`    serving ${lastGood.path}:${lastGood.line} of commit ${lastGood.commit.slice(0, 7)}`);
}

function showHeld(held: HeldDeletion): void {
  print(heldLine(held), "warning");
  print(`    since ${held.since} (${ago(held.since)})${byWhom(held)}`);
}

type Whose = Pick<HeldDeletion, "commit" | "author"> & Partial<Pick<QuarantinedManifest, "brokenBy">>;

function byWhom({ commit, author, brokenBy }: Whose): string {
  const made =
    commit === null || author === null ? "" : `, by commit ${commit.slice(0, 7)} of ${spokenName(author)}`;
  if (!brokenBy) return made;
  return `${made}, broken by commit ${brokenBy.commit.slice(0, 7)} of ${spokenName(brokenBy.author)}`;
}

function markText(mark: RevisionMark | null): string {
  if (mark === null) return "never";
  return `revision ${mark.revision}  ${mark.commit.slice(0, 7)}  ${ago(mark.at)}`;
}
