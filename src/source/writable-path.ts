import { AppError } from "../errors.ts";
import { isInsideGit } from "./manifest-paths.ts";

/** Refuses a path that git would not take, or that leads elsewhere: `usage`. */
export function checkWritablePath(path: string): void {
  const isPlain = path.split("/").every((part) => part !== "" && part !== "." && part !== "..");
  if (!isPlain || isInsideGit(path) || /[\p{Cc}\\]/u.test(path) || Buffer.byteLength(path) > 1024)
    throw new AppError(
      "usage",
      `'${path.slice(0, 100).replaceAll(/\p{Cc}/gu, "?")}' can't be the path of a file.`,
    );
}
