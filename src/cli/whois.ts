import { type Command, InvalidArgumentError } from "commander";

import type { Config } from "../config.ts";
import type { Store } from "../store/store.ts";
import {
  type DefinitionOrigin,
  readOrigin,
  readUnborn,
  stepLines,
  waitingLines,
} from "./call/definition-origin.ts";
import { type AskedRequest, findRoute, type FoundRoute } from "./call/find-route.ts";
import { addConfigFlags, commandLog, configOf } from "./config-flags.ts";
import { withStore } from "./open-parts.ts";
import { formatFlag } from "./output/formats.ts";
import { print, printJson } from "./output/output.ts";

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

const mostNamed = 20;

interface Found extends DefinitionOrigin {
  readonly route: FoundRoute;
  /** When nobody answers: definitions that might, were they not quarantined. */
  readonly unborn: readonly string[];
}

async function look(store: Store, config: Config, asked: AskedRequest): Promise<Found> {
  const route = await findRoute(await store.serving(), config.endpoint.base, asked);
  const { definition } = route;
  if (!definition) return { route, step: null, waiting: [], unborn: await readUnborn(store) };
  return { route, ...(await readOrigin(store, definition)), unborn: [] };
}

function show({ route, step, waiting, unborn }: Found): void {
  print(verdict(route), route.refusal === null ? "bold" : "warning");
  if (unborn.length > 0)
    print(`quarantined and not live: ${unborn.slice(0, mostNamed).join(", ")}; see: gitway status`);
  const { definition } = route;
  if (!definition) return;
  const parameters = Object.entries(route.parameters).map(([name, value]) => `${name}=${value}`);
  print(`route       ${definition.spec.route ?? definition.spec.listenPath ?? "-"}`);
  if (parameters.length > 0) print(`parameters  ${parameters.join(", ")}`);
  print(`methods     ${route.methods.join(", ")}`);
  print(`manifest    ${definition.path}:${definition.line}`);
  print(`commit      ${definition.commit}`);
  for (const line of step ? stepLines(step) : []) print(line);
  for (const entry of waiting) {
    const [head = "", ...problems] = waitingLines(entry);
    print(head, "warning");
    for (const problem of problems) print(problem);
  }
}

function verdict({ request, definition, refusal, methods }: FoundRoute): string {
  if (!definition) return `No definition answers ${request}.`;
  const name = `ApiDefinition '${definition.name}'`;
  if (refusal === "inactive") return `Nobody answers ${request}: ${name} has that path, and is not active.`;
  if (refusal === "method")
    return `${name} answers there, but not this method: it takes ${methods.join(", ")}.`;
  return `${name} answers ${request}.`;
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
