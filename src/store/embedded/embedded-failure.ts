import { AppError, messageOf } from "../../errors.ts";

/** What a person can do about a failed system call. */
const advice: Record<string, string> = {
  EACCES: "Give this user access, or name another folder with --data-dir.",
  EPERM: "Give this user access, or name another folder with --data-dir.",
  EROFS: "The file system is read-only: name another folder with --data-dir.",
  ENOSPC: "The disk is full: make room.",
  EDQUOT: "The disk quota is used up: make room.",
  ENOTDIR: "There is a file where a folder is needed: name another folder with --data-dir.",
  EEXIST: "There is a file where a folder is needed: name another folder with --data-dir.",
};

/** A failed step of running the embedded Postgres, with what to do about it. */
export function embeddedFailure(what: string, cause: unknown): AppError {
  if (cause instanceof AppError) return cause;
  const { code } = cause as NodeJS.ErrnoException;
  const hint = advice[code ?? ""] ?? "Or set DATABASE_URL to use a Postgres server of your own.";
  return new AppError("embedded-postgres", `${what}: ${messageOf(cause)}. ${hint}`, { cause });
}
