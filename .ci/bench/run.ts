import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

/** The benchmarks, each a script beside this one with arguments of its own. */
const benchmarks = ["attribution", "dashboard", "serving", "swap"];

const built = new URL("use-built.mjs", import.meta.url).href;

const [chosen, ...args] = process.argv.slice(2);
if (chosen !== undefined && !benchmarks.includes(chosen)) {
  console.error(`There is no benchmark '${chosen}'. There are ${benchmarks.join(", ")}.`);
  process.exit(3);
}
run(process.execPath, fileURLToPath(new URL("../build.mjs", import.meta.url)));
for (const name of chosen === undefined ? benchmarks : [chosen]) {
  console.log(`\n${name}`);
  run(
    process.execPath,
    ...process.execArgv,
    "--import",
    built,
    fileURLToPath(new URL(`${name}.ts`, import.meta.url)),
    ...args,
  );
}

function run(...[command, ...args]: [string, ...string[]]): void {
  const { status } = spawnSync(command, args, { stdio: "inherit" });
  if (status !== 0) process.exit(status ?? 1);
}
