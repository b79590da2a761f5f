import { AppError } from "../../errors.ts";

// The rules of git-check-ref-format(1) for a branch.
// oxlint-disable-next-line no-control-regex -- control characters are what is looked for
const forbidden = /[\u0000-\u0020\u007f~^:?*[\\]|\.\.|@\{|\/\/|\/\.|^\.|^\/|^-|\/$|\.$|\.lock(?:\/|$)/;

/** Refuses a branch name that git would not create, before it gets near a command line. */
export function checkBranchName(branch: string): void {
  if (branch === "" || branch === "@" || branch === "HEAD" || branch.length > 255 || forbidden.test(branch))
    throw new AppError(
      "config-invalid",
      `'${branch.replaceAll(/\p{Cc}/gu, "?").slice(0, 100)}' can't be the name of a branch. Give one as 'git branch' lists it, such as main.`,
    );
}

/** Whether the text is a full object id, SHA-1 or SHA-256. */
export function isObjectId(text: string): boolean {
  return /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/.test(text);
}
