import { Command, CommanderError } from "commander";

import { AppError, messageOf, outcomeOf } from "../errors.ts";
import { gitwayVersion } from "../version.ts";
import { addApply } from "./apply.ts";
import { addBackup, addRestore } from "./backup.ts";
import { addCall } from "./call.ts";
import { addClearNotice } from "./clear-notice.ts";
import { addConfig } from "./config.ts";
import { addDeliveries } from "./deliveries.ts";
import { addEvents } from "./events.ts";
import { addExport } from "./export.ts";
import { addGet } from "./get.ts";
import { addHistory } from "./history.ts";
import { addImport } from "./import-dashboard.ts";
import { talk } from "./output/output.ts";
import { addPlan } from "./plan.ts";
import { addRun } from "./run.ts";
import { addScript } from "./script.ts";
import { addStatus } from "./status.ts";
import { addResume, addSuspend } from "./suspend.ts";
import { addToken } from "./token.ts";
import { addValidate } from "./validate.ts";
import { addWhois } from "./whois.ts";

const exitCodes = `
Exit codes:
  0  done, nothing to do, or warnings only
  1  problems in manifests, something held, quarantined or suspended, or a failed apply
  2  changes pending and no problem (plan)
  3  wrong use or configuration
  4  environment: git, Postgres, network
  70 a bug`;

/** Runs the command line and sets the exit code of the process; never throws. */
export async function runCli(argv: readonly string[]): Promise<void> {
  // A reader who has enough (`gitway get … | head`) is no error.
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    process.exit(error.code === "EPIPE" ? 0 : exitCodeOf(error));
  });
  // When nobody reads the talk there is nobody to tell.
  process.stderr.on("error", () => {});
  // What nobody awaited ends the process with the code of a bug, and not with Node's own.
  process.on("uncaughtException", (error) => process.exit(exitCodeOf(error)));
  try {
    await createProgram().parseAsync(argv);
  } catch (error) {
    process.exitCode = exitCodeOf(error);
  }
}

/** The command line: every command with its flags. */
export function createProgram(): Command {
  const program = new Command("gitway")
    .description(
      "Keeps a team's APIs in Git: manifests become served routes, and every change has an author.",
    )
    .version(gitwayVersion(), "-V, --version", "Print the version.")
    .helpOption("-h, --help", "Print help.")
    .helpCommand("help [command]", "Print the help of a command.")
    .addHelpText("after", exitCodes)
    // Each flag belongs to the command before it: 'events' and 'events verify' have some of the same name.
    .enablePositionalOptions()
    .exitOverride()
    .configureOutput({ outputError: (text) => talk(`gitway: ${text.trimEnd().replace(/^error: /, "")}`) });
  program.commandsGroup("In the repository:");
  addValidate(program);
  addScript(program);
  program.commandsGroup("Reconcile:");
  addPlan(program);
  addApply(program);
  addRun(program);
  addSuspend(program);
  addResume(program);
  program.commandsGroup("Look and operate:");
  addGet(program);
  addStatus(program);
  addEvents(program);
  addDeliveries(program);
  addHistory(program);
  addWhois(program);
  addCall(program);
  addToken(program);
  addClearNotice(program);
  addConfig(program);
  program.commandsGroup("Move and keep:");
  addImport(program);
  addExport(program);
  addBackup(program);
  addRestore(program);
  return program;
}

function exitCodeOf(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode && 3;
  if (error instanceof AppError) talk(`gitway: ${error.message}`, "error");
  else {
    const stack = error instanceof Error ? error.stack : undefined;
    talk(`gitway: this is a bug, please report it.\n${stack ?? messageOf(error)}`, "error");
  }
  return outcomeOf(error).exit;
}
