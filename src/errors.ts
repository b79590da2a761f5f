/** How an operational failure shows at each of Gitway's doors. */
interface Outcome {
  readonly exit: 1 | 3 | 4 | 70;
  readonly http: number;
  readonly level: "warn" | "error" | "fatal";
}

const held: Outcome = { exit: 1, http: 409, level: "warn" };
const misuse: Outcome = { exit: 3, http: 400, level: "error" };
const environment: Outcome = { exit: 4, http: 503, level: "error" };

/** Every operational failure, and what it becomes: exit code, HTTP status, log level. */
export const errorTable = {
  "apply-failed": held,
  "revision-moved": held,
  suspended: held,
  "restore-refused": held,
  "backup-invalid": held,
  "not-found": { exit: 1, http: 404, level: "warn" },
  usage: misuse,
  "config-invalid": misuse,
  "git-missing": environment,
  "git-failed": environment,
  "git-timeout": environment,
  "source-unreachable": environment,
  "source-auth": environment,
  "edit-conflict": held,
  "edit-outcome-unknown": environment,
  "source-empty": environment,
  "branch-missing": environment,
  "database-unreachable": environment,
  "database-failed": environment,
  "database-too-new": environment,
  "embedded-postgres": environment,
  "data-folder": environment,
  "file-failed": environment,
  "port-in-use": environment,
  "endpoint-unreachable": environment,
  "dashboard-unreachable": environment,
  bug: { exit: 70, http: 500, level: "fatal" },
} as const satisfies Record<string, Outcome>;

/** The stable name of an operational failure. */
export type ErrorCode = keyof typeof errorTable;

/**
 * An operational failure: the environment or the caller is at fault, and the message says what is
 * wrong and what to do. Wrong manifests are `Problem`s instead; anything else that is thrown is a bug.
 */
export class AppError extends Error {
  override readonly name = "AppError";
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** The outcome of anything thrown; what is no `AppError` is a bug. */
export function outcomeOf(error: unknown): Outcome {
  return error instanceof AppError ? errorTable[error.code] : errorTable.bug;
}

/** The text of anything thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
