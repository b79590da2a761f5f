import { type Command, InvalidArgumentError } from "commander";

import type { Config } from "../config.ts";
import type { QuarantinedManifest, Store, ObjectStep } from "../store/store.ts";
import { problemLine } from "./change-lines.ts";
import { addConfigFlags, commandLog, configOf } from "./config-flags.ts";
import { type AskedRequest, findRoute, type FoundRoute } from "./find-route.ts";
import { formatFlag } from "./formats.ts";
import { withStore } from "./open-parts.ts";
import { print, printJson, wholeSeconds } from "./output.ts";

/** `gitway whois [METHOD] ROUTE`: which definition answers a request, and who made it so. Exit 1 when none does. */
export function addWhois(program: Command): void {
  const command = program
    .command("whois")
    .description(
      "Print which definition answers a request for [METHOD] ROUTE, where it is written, and by whom.",
    )
    .argument("<request...>", "a route, a path or a URL, and a method before it if you like", parseRequest)
    .usage("[options] [METHOD] ROUTE")
    .addOption(formatFlag())
    .action(async (words: readonly string[], options: { format: string }) => {
      const config = configOf(command);
      const found = await withStore(config, commandLog(config), (store) =>
        look(store, config, askedOf(words)),
      );
      if (options.format === "json") printJson(asJson(found));
      else show(found);
      process.exitCode = found.route.refusal === null ? 0 : 1;
    });
  addConfigFlags(command);
}

interface Found {
  readonly route: FoundRoute;
  /** The step that made the definition what it is. */
  readonly step: ObjectStep | null;
  /** Changes of the definition that don't go live. */
  readonly waiting: readonly QuarantinedManifest[];
}

async function look(store: Store, config: Config, asked: AskedRequest): Promise<Found> {
  const route = await findRoute(await store.serving(), config.endpoint.base, asked);
  const { definition } = route;
  if (!definition) return { route, step: null, waiting: [] };
  const steps = await store.history("ApiDefinition", definition.name, 1000);
  const sync = await store.readSync();
  return {
    route,
    step: steps.findLast(({ event }) => event.versionAfter === definition.version) ?? null,
    waiting: (sync?.quarantined ?? []).filter(
      ({ kind, id }) => kind === "ApiDefinition" && id === definition.id,
    ),
  };
}

function show({ route, step, waiting }: Found): void {
  print(verdict(route), route.refusal === null ? "bold" : "warning");
  const { definition } = route;
  if (!definition) return;
  const parameters = Object.entries(route.parameters).map(([name, value]) => `${name}=${value}`);
  print(`route       ${definition.spec.route ?? definition.spec.listenPath ?? "-"}`);
  if (parameters.length > 0) print(`parameters  ${parameters.join(", ")}`);
  print(`methods     ${route.methods.join(", ")}`);
  print(`manifest    ${definition.path}:${definition.line}`);
  print(`commit      ${definition.commit}`);
  if (step) showStep(step);
  for (const entry of waiting) showWaiting(entry);
}

function verdict({ request, definition, refusal, methods }: FoundRoute): string {
  if (!definition) return `No definition answers ${request}.`;
  const name = `ApiDefinition '${definition.name}'`;
  if (refusal === "inactive") return `Nobody answers ${request}: ${name} has that path, and is not active.`;
  if (refusal === "method")
    return `${name} answers there, but not this method: it takes ${methods.join(", ")}.`;
  return `${name} answers ${request}.`;
}

function showStep({ event }: ObjectStep): void {
  const { actor, action, time, revision, contributors, releasedBy } = event;
  const mail = actor.email === "" ? "" : ` <${actor.email}>`;
  print(`${action.padEnd(12)}by ${actor.name}${mail}, ${wholeSeconds(time)}, revision ${revision}`);
  if (contributors.length > 0) print(`with        ${contributors.map(({ name }) => name).join(", ")}`);
  if (releasedBy) print(`released    by ${releasedBy.author.name}, commit ${releasedBy.commit}`);
}

function showWaiting({ author, commit, since, problems }: QuarantinedManifest): void {
  const by = author ? ` by ${author.name}` : "";
  const where = commit === null ? "" : `, commit ${commit.slice(0, 7)}`;
  print(`quarantined a change${by}${where}, since ${wholeSeconds(since)}`, "warning");
  for (const problem of problems) print(`            ${problemLine(problem)}`);
}

function asJson({ route, step, waiting }: Found): object {
  const { request, refusal, definition, parameters, rest, methods } = route;
  return {
    request,
    answered: refusal === null,
    refusal,
    definition: definition && {
      name: definition.name,
      id: definition.id,
      route: definition.spec.route ?? null,
      listenPath: definition.spec.listenPath ?? null,
      methods,
      path: definition.path,
      line: definition.line,
      commit: definition.commit,
    },
    parameters,
    rest,
    event: step?.event ?? null,
    quarantined: waiting,
  };
}

const method = /^[A-Za-z]{1,20}$/;

/** One word after the other; the first of two is the method. */
function parseRequest(word: string, before: readonly string[] | undefined): readonly string[] {
  const words = [...(before ?? []), word];
  const [first = ""] = words;
  if (words.length > 2 || (words.length === 2 && !method.test(first)))
    throw new InvalidArgumentError("Write [METHOD] ROUTE: GET encoders/1/status.");
  return words;
}

function askedOf(words: readonly string[]): AskedRequest {
  const [first = "", second] = words;
  return second === undefined
    ? { method: null, route: first }
    : { method: first.toUpperCase(), route: second };
}
