import { isIP } from "node:net";

import { type Command, InvalidArgumentError, Option } from "commander";

import { AppError } from "../errors.ts";
import {
  askedCall,
  type AskedCallFlags,
  parseBody,
  parseHeader,
  parseMethod,
  parseOrigin,
  withToken,
} from "./call/asked-call.ts";
import { addTokenFlags, readToken, type TokenFlags } from "./call/token-flags.ts";
import { addConfigFlags, commandLog, configOf } from "./config-flags.ts";
import { formatFlag } from "./output/formats.ts";

/** The flags of `gitway call`. */
export interface CallFlags extends AskedCallFlags, TokenFlags {
  readonly include?: true;
  readonly explain?: true;
  readonly as?: string;
  readonly manifests?: string;
  readonly send?: true;
  readonly client?: string;
  readonly format: "text" | "json";
}

/** `gitway call ROUTE`: a request, and why it is answered as it is. Exit 0 for an answer of 2xx or 3xx, else 1. */
export function addCall(program: Command): void {
  const command = program
    .command("call")
    .description("Send a request to the endpoint as a client would, and say why it is served or refused.")
    .argument("<route>", "a route, a path from the root, or a URL")
    .addOption(
      new Option("-X, --request <method>", "GET by default, POST with a body.").argParser(parseMethod),
    )
    .addOption(
      new Option("-H, --header <line>", 'A header, as "Name: value". Repeatable.').argParser(parseHeader),
    )
    .addOption(new Option("-d, --data <body>", "The body, or @FILE.").argParser(parseBody))
    .option("-i, --include", "Print status and headers before the body.")
    .addOption(
      new Option("--url <url>", "Where the endpoint listens, if not as configured.").argParser(parseOrigin),
    );
  addTokenFlags(command)
    .option("--explain", "Say which definition, version, rule and token decided, and why.")
    .option("--manifests <folder>", "Decide here, by the manifests of a folder: no store, no endpoint.")
    .option("--as <token>", "Decide here, as if the request came with a secret of that token.")
    .option("--send", "When deciding here, also send what a proxy would send.")
    .addOption(
      new Option(
        "--client <address>",
        "When deciding here, the address that the request comes from.",
      ).argParser(parseAddress),
    )
    .addOption(formatFlag())
    .action((route: string, flags: CallFlags) => call(route, flags, command));
  addConfigFlags(command);
}

async function call(route: string, flags: CallFlags, command: Command): Promise<void> {
  const isHere = flags.manifests !== undefined || flags.as !== undefined;
  if (flags.send && !isHere)
    throw new AppError("usage", "--send goes with --manifests or --as; without them the request is sent.");
  if (flags.client !== undefined && !isHere && !flags.explain)
    throw new AppError("usage", "--client goes with --manifests, --as or --explain: where decided here.");
  const config = configOf(command);
  const secret = await readToken(flags, config);
  const plain = askedCall(route, flags, config);
  const asked = secret ? withToken(plain, flags.tokenHeader, secret) : plain;
  const { answerHere, askEndpoint } = await import("./call/make-call.ts");
  const parts = { flags, asked, secret, config, log: commandLog(config) };
  process.exitCode = await (isHere ? answerHere(parts) : askEndpoint(parts));
}

function parseAddress(text: string): string {
  if (isIP(text) !== 0) return text;
  throw new InvalidArgumentError("Give an IPv4 or IPv6 address.");
}
