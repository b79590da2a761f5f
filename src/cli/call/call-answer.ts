import type { IncomingMessage } from "node:http";
import { StringDecoder } from "node:string_decoder";

import type { TrialAnswer } from "../../endpoint/trial/try-script.ts";
import { AppError } from "../../errors.ts";
import { printable } from "../../printable.ts";
import type { LiveAnswer } from "./send-call.ts";

/** An answer of the endpoint, or of its code run here. */
export interface CallAnswer {
  readonly from: "endpoint" | "here";
  readonly status: number;
  /** Names and values in turn. */
  readonly rawHeaders: readonly string[];
  readonly body: AsyncIterable<Buffer> | readonly Buffer[];
}

/** An answer whose body is there. */
export interface CollectedAnswer extends CallAnswer {
  readonly body: readonly Buffer[];
}

const largestAnswer = 64 * 1024 * 1024;

/** An answer over the network as one to show. */
export function answerOfEndpoint({ response }: LiveAnswer): CallAnswer {
  const { statusCode = 0, rawHeaders } = response;
  return { from: "endpoint", status: statusCode, rawHeaders, body: response as AsyncIterable<Buffer> };
}

/** An answer that was made here as one to show. */
export function answerFromHere({ status, headers, body }: TrialAnswer): CallAnswer {
  return { from: "here", status, rawHeaders: headers, body: [body] };
}

/** Writes the body as it comes, after status and headers when they are asked for. */
export async function showAnswer(
  answer: CallAnswer,
  withHead: boolean,
  output: Pick<NodeJS.WriteStream, "isTTY" | "write"> = process.stdout,
): Promise<void> {
  const lines = pairs(answer.rawHeaders).map(([name, value]) => `${name}: ${value}\n`);
  if (withHead) output.write(printable(`HTTP/1.1 ${answer.status}\n${lines.join("")}\n`));
  // What a terminal gets must not steer it; anything else gets the bytes as they are.
  const decoder = output.isTTY ? new StringDecoder("utf8") : null;
  let shown = "";
  for await (const chunk of answer.body) {
    if (decoder) shown = printable(decoder.write(chunk));
    output.write(decoder ? shown : chunk);
  }
  // What follows on a terminal, an explanation or the prompt, begins a line.
  if (decoder && !shown.endsWith("\n")) output.write("\n");
}

/** An answer that has come as a whole. Rejects when it breaks off, or is beyond 64 MiB. */
export async function collected(answer: CallAnswer): Promise<CollectedAnswer> {
  const body: Buffer[] = [];
  let room = largestAnswer;
  for await (const chunk of answer.body) {
    room -= chunk.length;
    if (room < 0)
      throw new AppError("usage", "The answer is larger than 64 MiB. Ask without --explain and json.");
    body.push(chunk);
  }
  return { ...answer, body };
}

/** The answer as a value for JSON. */
export async function answerAsJson(answer: CallAnswer): Promise<object> {
  const { body } = await collected(answer);
  const headers: Record<string, string> = {};
  for (const [name, value] of pairs(answer.rawHeaders)) {
    const key = name.toLowerCase();
    headers[key] = headers[key] === undefined ? value : `${headers[key]}, ${value}`;
  }
  return { from: answer.from, status: answer.status, headers, body: Buffer.concat(body).toString("utf8") };
}

/** A header of an answer, or null. */
export function headerOf({ rawHeaders }: CallAnswer, wanted: string): string | null {
  const found = pairs(rawHeaders).find(([name]) => name.toLowerCase() === wanted.toLowerCase());
  return found?.[1] ?? null;
}

/** Names with their values, from names and values in turn. */
export function pairs(
  flat: IncomingMessage["rawHeaders"] | readonly string[],
): (readonly [string, string])[] {
  return flat.flatMap((name, index) => (index % 2 === 0 ? [[name, flat[index + 1] ?? ""] as const] : []));
}
