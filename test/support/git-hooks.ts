import { chmod, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";

/** Has a repository run a script as one of its hooks. */
export async function installHook(gitDir: string, name: string, script: string): Promise<void> {
  await mkdir(join(gitDir, "hooks"), { recursive: true });
  await writeFile(join(gitDir, "hooks", name), `#!/bin/sh\n${script}\n`);
  await chmod(join(gitDir, "hooks", name), 0o755);
}

/** The same in the work tree of a checkout, after a push, and only after the first one. */
export function afterFirstPush(repository: { readonly path: string }, script: string): Promise<void> {
  const identity = "-c user.name=Other -c user.email=other@example.com";
  return installHook(
    join(repository.path, ".git"),
    "post-receive",
    `rm -f hooks/post-receive\nunset $(git rev-parse --local-env-vars)\ncd ..\ncommit() { git add -A && git ${identity} commit -q -m "$1"; }\n${script}`,
  );
}
