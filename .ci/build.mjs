import { execFileSync } from "node:child_process";
import { chmodSync, cpSync, existsSync, rmSync } from "node:fs";

rmSync("dist", { recursive: true, force: true });
execFileSync(process.execPath, ["node_modules/typescript/bin/tsc"], { stdio: "inherit" });
if (existsSync("src/store/migrations"))
  cpSync("src/store/migrations", "dist/store/migrations", { recursive: true });
if (existsSync("dist/cli/main.js")) chmodSync("dist/cli/main.js", 0o755);
