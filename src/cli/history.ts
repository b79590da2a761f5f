import { type Command, InvalidArgumentError } from "commander";

import { closest } from "../closest.ts";
import { AppError } from "../errors.ts";
import type { Kind } from "../manifest/manifest.ts";
import { fieldDifferences } from "../plan/field-differences.ts";
import { formatField } from "../plan/format-plan.ts";
import type { FieldDifference } from "../plan/plan.ts";
import { spokenName } from "../plan/spoken-name.ts";
import { actorName } from "../store/events/own-doing.ts";
import type { ObjectStep, Store } from "../store/store.ts";
import { addConfigFlags, commandLog, configOf } from "./config-flags.ts";
import { withStore } from "./open-parts.ts";
import { formatFlag } from "./output/formats.ts";
import { parseKind } from "./output/kind-words.ts";
import { print, printJson, type Style, wholeSeconds } from "./output/output.ts";

/** `gitway history KIND NAME`: every version of an object, deleted or not, oldest first. */
export function addHistory(program: Command): void {
  const command = program
    .command("history")
    .description("Print the versions of an object, deleted or not, oldest first: who changed which fields.")
    .argument("<kind>", "definition, token, webhook or user", parseKind)
    .argument("<name>", "the name that it has, or had")
    .option("-n, --limit <number>", "How many of the newest versions to print.", parseLimit, 100)
    .addOption(formatFlag())
    .action(async (kind: Kind, name: string, options: { format: string; limit: number }) => {
      const config = configOf(command);
      const steps = await withStore(config, commandLog(config), (store) =>
        readSteps(store, kind, name, options),
      );
      if (options.format === "json") printJson(steps.map(stepJson));
      else for (const step of steps) showStep(step);
    });
  addConfigFlags(command);
}

async function readSteps(
  store: Store,
  kind: Kind,
  name: string,
  { limit, format }: { readonly limit: number; readonly format: string },
): Promise<readonly ObjectStep[]> {
  const steps = await store.history(kind, name, limit);
  if (steps.length > 0) return steps;
  // Whoever parses JSON gets some in any case.
  if (format === "json") printJson([]);
  const sync = await store.readSync();
  if (sync?.quarantined.some((entry) => entry.kind === kind && entry.name === name))
    throw new AppError(
      "not-found",
      `${kind} '${name}' is quarantined and was never live. Why, and by whom, says: gitway status`,
    );
  const names = (await store.objects(kind)).map((object) => object.name);
  const meant = closest(name, names);
  const advice = meant === null ? "Check the name." : `Did you mean '${meant}'?`;
  throw new AppError("not-found", `There is no ${kind} '${name}', and there never was. ${advice}`);
}

const styles: Readonly<Record<string, Style>> = { added: "added", updated: "changed", deleted: "removed" };

function showStep(step: ObjectStep): void {
  const { event } = step;
  const parts = [
    `revision ${event.revision}`,
    wholeSeconds(event.time),
    event.action,
    `by ${actorName(event)}`,
    event.commit?.slice(0, 7) ?? "-",
    `${event.path}:${event.line}`,
  ];
  print(parts.join("  "), styles[event.action] ?? "plain");
  for (const person of event.contributors) print(`    with ${spokenName(person)}`);
  if (event.firstWritten) {
    const { author, commit } = event.firstWritten;
    print(`    first written by ${spokenName(author)}  ${commit.slice(0, 7)}`);
  }
  if (event.releasedBy)
    print(`    released by ${spokenName(event.releasedBy.author)}  ${event.releasedBy.commit.slice(0, 7)}`);
  if (step.after && step.after.path !== event.path)
    print(`    moved to ${step.after.path}:${step.after.line}`);
  if (step.before) for (const field of fieldsOf(step)) print(`    ${formatField(field)}`);
}

function stepJson(step: ObjectStep): object {
  const { revision, time, action, name, objectId, route, actor, byGitway, committer, ...more } = step.event;
  const { contributors, releasedBy, commit, authoredAt, firstWritten } = more;
  const { path, line, versionBefore, versionAfter } = more;
  return {
    revision,
    time,
    action,
    name,
    id: objectId,
    route,
    actor,
    byGitway,
    committer,
    contributors,
    releasedBy,
    commit,
    authoredAt,
    firstWritten,
    path,
    line,
    seen: step.after && { path: step.after.path, line: step.after.line },
    versionBefore,
    versionAfter,
    fields: fieldsOf(step),
  };
}

function fieldsOf({ before, after }: ObjectStep): readonly FieldDifference[] {
  return after ? fieldDifferences(before, after) : [];
}

function parseLimit(text: string): number {
  const limit = Number(text);
  if (Number.isInteger(limit) && limit > 0 && limit <= 1000) return limit;
  throw new InvalidArgumentError("Give a number from 1 to 1000.");
}
