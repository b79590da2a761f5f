import { execFileSync } from "node:child_process";
import { chmodSync, cpSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";

const program = "dist/cli/main.js";

rmSync("dist", { recursive: true, force: true });
execFileSync(process.execPath, ["node_modules/typescript/bin/tsc"], { stdio: "inherit" });
cpSync("src/store/migrations", "dist/store/migrations", { recursive: true });
chmodSync(program, 0o755);
linkCommand();

/** Makes `npx gitway` work in the checkout: npm links the commands of packages, not a project's own. */
function linkCommand() {
  mkdirSync("node_modules/.bin", { recursive: true });
  rmSync("node_modules/.bin/gitway", { force: true });
  if (process.platform === "win32") {
    writeFileSync(
      "node_modules/.bin/gitway.cmd",
      `@node "%~dp0\\..\\..\\${program.replaceAll("/", "\\")}" %*\r\n`,
    );
  } else symlinkSync(`../../${program}`, "node_modules/.bin/gitway");
}
