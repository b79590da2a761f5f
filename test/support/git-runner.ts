import { type ChildProcess, spawn } from "node:child_process";

/** A git command, with all that it may know of its surroundings. */
export interface GitCommand {
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly input: string | Buffer;
}

/** How a git command ended. */
export interface GitResult {
  readonly code: number | null;
  readonly out: Buffer;
  readonly err: Buffer;
}

type Answer = { readonly id: number } & (GitResult | { readonly failure: string });

/** Knows nothing but to start git and to say how it ended. */
const program = `
const { spawn } = require("node:child_process");
process.on("message", ({ id, args, cwd, env, input }) => {
  const child = spawn("git", args, { cwd, env, stdio: ["pipe", "pipe", "pipe"] });
  const [out, err] = [[], []];
  child.stdout.on("data", (chunk) => out.push(chunk));
  child.stderr.on("data", (chunk) => err.push(chunk));
  child.stdin.on("error", () => {});
  child.on("error", ({ message }) => process.send({ id, failure: message }));
  child.on("close", (code) => process.send({ id, code, out: Buffer.concat(out), err: Buffer.concat(err) }));
  child.stdin.end(input);
});
process.on("disconnect", () => process.exit());
`;

let runner: ChildProcess | null = null;
let commands = 0;
const waiting = new Map<number, (answer: Answer) => void>();

/**
 * Runs git from a small process: to fork one of a test, with its hundreds of megabytes, takes many times as long
 * as git itself.
 */
export async function runGit(command: GitCommand): Promise<GitResult> {
  const id = ++commands;
  const answer = await new Promise<Answer>((resolve) => {
    waiting.set(id, resolve);
    startRunner().send({ id, ...command });
  });
  if ("failure" in answer) throw new Error(`git could not be started: ${answer.failure}`);
  return answer;
}

function startRunner(): ChildProcess {
  if (runner) return runner;
  const started = spawn(process.execPath, ["-e", program], {
    stdio: ["ignore", "ignore", "inherit", "ipc"],
    serialization: "advanced",
    env: {},
  });
  started.on("message", (answer: Answer) => {
    waiting.get(answer.id)?.(answer);
    waiting.delete(answer.id);
  });
  // The channel ends with this process, and the runner with the channel.
  started.unref();
  started.channel?.unref();
  runner = started;
  return started;
}
