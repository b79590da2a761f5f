import type { Config } from "../../config.ts";
import { AppError } from "../../errors.ts";
import type { Log } from "../../log.ts";
import type { Secret } from "../../secret.ts";
import type { Store } from "../../store/store.ts";
import type { CallFlags } from "../call.ts";
import { withStore } from "../open-parts.ts";
import { counted, printJson, talk } from "../output/output.ts";
import type { AskedCall } from "./asked-call.ts";
import {
  answerAsJson,
  answerFromHere,
  answerOfEndpoint,
  type CallAnswer,
  collected,
  showAnswer,
} from "./call-answer.ts";
import { type CallExplanation, explanationAsJson, showExplanation } from "./call-explanation.ts";
import { callHere } from "./call-here.ts";
import { liveNotes, type LiveOutcome, liveOutcome, secretNotes, unknownSecretNotes } from "./call-notes.ts";
import { readOrigin } from "./definition-origin.ts";
import { readManifestState } from "./manifest-state.ts";
import { type LiveAnswer, sendCall } from "./send-call.ts";

/** What a call is made with. */
export interface CallParts {
  readonly flags: CallFlags;
  readonly asked: AskedCall;
  /** That the request carries, if a flag gave it. */
  readonly secret: Secret | null;
  readonly config: Config;
  readonly log: Log;
}

const localAddress = "127.0.0.1";

/** Sends the request, and explains it by the store if asked to. Gives the exit code. */
export async function askEndpoint(parts: CallParts): Promise<number> {
  const { flags, config, log } = parts;
  const live = await sendOrTell(parts);
  const exitCode = live ? exitCodeOf(live.response.statusCode ?? 0) : 4;
  if (live && !flags.explain) {
    await show(flags, answerOfEndpoint(live));
    return exitCode;
  }
  const answer = live && (await collected(answerOfEndpoint(live)));
  if (answer && flags.format === "text") await showAnswer(answer, flags.include ?? false);
  const clientAddress = flags.client ?? live?.clientAddress ?? localAddress;
  const explanation = await withStore(config, log, (store) =>
    explainByStore(
      parts,
      store,
      clientAddress,
      answer && liveOutcome(answer, config.endpoint.revisionHeader),
    ),
  );
  if (flags.format === "json") await showJson(answer, explanation);
  else showExplanation(explanation);
  return exitCode;
}

/** Who asks why wants to know it also when nobody answers. */
async function sendOrTell({ asked, flags }: CallParts): Promise<LiveAnswer | null> {
  try {
    return await sendCall(asked);
  } catch (error) {
    if (!flags.explain || !(error instanceof AppError)) throw error;
    talk(`gitway: ${error.message}`, "error");
    return null;
  }
}

async function explainByStore(
  { asked, secret, config, log }: CallParts,
  store: Store,
  clientAddress: string,
  live: LiveOutcome | null,
): Promise<CallExplanation> {
  const state = await store.serving();
  const explained = await callHere({ state, asked, as: null, clientAddress, actions: "none", config, log });
  const { explanation } = explained;
  const definition = state.definitions.find(({ name }) => name === explanation.definition);
  return {
    explanation,
    state,
    origin: definition ? await readOrigin(store, definition) : { step: null, waiting: [] },
    refusedWith: live?.code ?? null,
    notes: [
      ...(await secretNotes(store, explanation, secret)),
      ...(live ? liveNotes(live, explanation, state) : []),
    ],
  };
}

/** Decides and answers the request in this process. Gives the exit code. */
export async function answerHere(parts: CallParts): Promise<number> {
  const { flags, config, log } = parts;
  const { manifests } = flags;
  const { answer, explanation } =
    manifests === undefined
      ? await withStore(config, log, (store) => answerByStore(parts, store))
      : await answerByManifests(parts, manifests);
  const { decision, action } = explanation.explanation;
  if (flags.format === "json") await showJson(answer, flags.explain ? explanation : null);
  else {
    if (answer) await showAnswer(answer, flags.include ?? false);
    if (flags.explain) showExplanation(explanation);
    else if (action && !action.isRun)
      talk(`A proxy would send this to ${action.upstream ?? "no usable target"}; with --send it is sent.`);
  }
  return exitCodeOf(decision.status);
}

interface AnswerHere {
  /** Null when its action was not run. */
  readonly answer: CallAnswer | null;
  readonly explanation: CallExplanation;
}

async function answerByStore(parts: CallParts, store: Store): Promise<AnswerHere> {
  const state = await store.serving();
  const { answer, explanation } = await decideHere(parts, state);
  const definition = state.definitions.find(({ name }) => name === explanation.definition);
  const origin = definition ? await readOrigin(store, definition) : { step: null, waiting: [] };
  return { answer, explanation: { explanation, state, origin, refusedWith: null, notes: [] } };
}

async function answerByManifests(parts: CallParts, folder: string): Promise<AnswerHere> {
  const { state, errors, unknownSecrets } = await readManifestState(folder, parts.config);
  if (errors > 0)
    talk(
      `${counted(errors, "error")} in these manifests: 'gitway validate ${folder}' says which.`,
      "warning",
    );
  const { answer, explanation } = await decideHere(parts, state);
  const notes = unknownSecretNotes(explanation, state, unknownSecrets);
  const origin = { step: null, waiting: [] };
  return { answer, explanation: { explanation, state, origin, refusedWith: null, notes } };
}

async function decideHere({ flags, asked, config, log }: CallParts, state: CallExplanation["state"]) {
  const { answer, explanation } = await callHere({
    state,
    asked,
    as: flags.as ?? null,
    clientAddress: flags.client ?? localAddress,
    actions: flags.send ? "all" : "local",
    config,
    log,
  });
  const isReal = explanation.action?.isRun ?? true;
  const whole = { ...answer, body: Buffer.concat(answer.body) };
  return { answer: isReal && answer.end === "whole" ? answerFromHere(whole) : null, explanation };
}

async function show(flags: CallFlags, answer: CallAnswer): Promise<void> {
  if (flags.format === "json") await showJson(answer, null);
  else await showAnswer(answer, flags.include ?? false);
}

async function showJson(answer: CallAnswer | null, explanation: CallExplanation | null): Promise<void> {
  printJson({
    answer: answer && (await answerAsJson(answer)),
    ...(explanation && { explanation: explanationAsJson(explanation) }),
  });
}

function exitCodeOf(status: number): number {
  return status >= 200 && status < 400 ? 0 : 1;
}
