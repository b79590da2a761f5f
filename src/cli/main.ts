#!/usr/bin/env node
import { silenceLibraries } from "../config.ts";

silenceLibraries();
// Only now: libraries read the environment when they are loaded.
const { runCli } = await import("./program.ts");
await runCli(process.argv);
