import { existsSync } from "node:fs";
import { join } from "node:path";

import type { Config } from "../../config.ts";
import { administratorKeyFile } from "../../dashboard/access/administrator-key.ts";
import { messageOf } from "../../errors.ts";
import type { PassResult } from "../../reconcile/pass.ts";
import type { Store } from "../../store/store.ts";
import { printChange, talkAboutProblems } from "../output/change-lines.ts";
import { counted, print } from "../output/output.ts";
import { waitingText } from "../output/suspension-text.ts";
import { answerSoon } from "./answer-soon.ts";
import type { EndpointThread } from "./endpoint-thread.ts";
import { nextSteps } from "./next-steps.ts";

/** What there is to tell about a daemon that has started. */
export interface Announcement {
  readonly config: Config;
  readonly store: Store;
  /** The result of the first pass, what it failed with, or null when this process does not reconcile. */
  readonly firstPass: { readonly result: PassResult } | { readonly error: unknown } | null;
  /** Null when this process does not serve routes. */
  readonly endpoint: Pick<EndpointThread, "url" | "servedRevision" | "servedFrom"> | null;
  readonly dashboardUrl: string | null;
}

/** Prints what somebody who starts Gitway for the first time wants to know. */
export async function announce(announcement: Announcement): Promise<void> {
  const { config, store, firstPass, endpoint, dashboardUrl } = announcement;
  print("Gitway is running.", "bold");
  print(`  store      ${store.description}`);
  if (firstPass) announceSource(config, firstPass);
  if (endpoint) print(`  endpoint   ${endpoint.url}${config.endpoint.base}`);
  if (dashboardUrl !== null) announceDashboard(config, dashboardUrl);
  if (firstPass) announcePass(firstPass);
  if (endpoint?.servedFrom() === "snapshot") announceSnapshot(endpoint);
  else if (endpoint) await announceNextSteps(announcement, endpoint.url);
  print("");
}

function announceDashboard({ dataDir, softLaunch }: Config, url: string): void {
  print(`  dashboard  ${url}  (/api, /healthz, /readyz, /metrics, /webhook)`);
  print(
    `  console    ${softLaunch.UserDefinableAPI ? "on" : "off"}  (softLaunch.UserDefinableAPI; /api/trigger)`,
  );
  const key = join(dataDir, administratorKeyFile);
  if (existsSync(key)) print(`  key        ${key}  (the administrator's, for /api)`);
}

function announceSource(config: Config, firstPass: NonNullable<Announcement["firstPass"]>): void {
  const branch = "result" in firstPass ? firstPass.result.status.source.branch : (config.branch ?? "HEAD");
  print(`  source     ${config.source}, branch ${branch}, in ${config.paths.join(", ")}`);
  if (!("result" in firstPass)) return;
  const { applied } = firstPass.result.status;
  if (applied) print(`  revision   ${applied.revision}, from commit ${applied.commit.slice(0, 7)}`);
}

function announcePass(firstPass: NonNullable<Announcement["firstPass"]>): void {
  print("");
  if ("error" in firstPass) {
    print(`The source could not be reconciled, and is tried again: ${messageOf(firstPass.error)}`, "error");
    return;
  }
  const { applied, attributed, plan } = firstPass.result;
  const changes = applied ? attributed : [];
  const waiting = waitingText(firstPass.result);
  if (waiting) print(waiting, "warning");
  else if (changes.length === 0) print("Nothing has changed since the last time.");
  else print(`${counted(changes.length, "change")} applied:`);
  for (const change of changes.slice(0, shownAtMost)) printChange(change);
  if (changes.length > shownAtMost) print(`  … and ${changes.length - shownAtMost} more: gitway events`);
  talkAboutProblems(plan);
}

/** A first start may apply thousands. */
const shownAtMost = 30;

function announceSnapshot({ servedRevision }: Pick<EndpointThread, "servedRevision">): void {
  print("");
  print(
    `The store can't be reached: revision ${servedRevision()} is served from the snapshot until it is back.`,
    "warning",
  );
}

async function announceNextSteps({ config, store }: Announcement, endpointUrl: string): Promise<void> {
  const found = await answerSoon(Promise.all([store.objects("ApiDefinition"), store.objects("ApiToken")]));
  // What is lost just now is told by the log, and is no reason not to serve.
  if (found === "away") return;
  const [definitions, tokens] = found;
  const steps = nextSteps({
    definitions: definitions.filter((object) => object.kind === "ApiDefinition"),
    tokens: tokens.filter((object) => object.kind === "ApiToken"),
    endpointUrl,
    base: config.endpoint.base,
    flags: flagsFor(config),
  });
  print("");
  print(
    steps.length === 0 ? "No route can be called yet. Commit a manifest, and it is served." : "Try next:",
  );
  for (const step of steps) print(`  ${step}`, "bold");
}

/** What was given as a flag has to be given again; what the environment says is there already. */
function flagsFor(config: Config): string {
  return config.shown
    .filter(({ key, origin }) => key === "dataDir" && origin.startsWith("flag"))
    .map(({ value }) => ` --data-dir '${String(value)}'`)
    .join("");
}
