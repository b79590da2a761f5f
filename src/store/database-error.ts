import { DatabaseError } from "pg";

import { AppError, messageOf } from "../errors.ts";

/** SQLSTATEs by which a server turns a user away, by class or in full. */
const unreachableStates = ["53300", "28", "3D000", "25006"];

/** SQLSTATEs after which the outcome of a running commit is unknown: the server or the connection is going away. */
const endingStates = ["08", "57P", "25P03"];

/** What a person can do about it, by SQLSTATE. */
const advice: Record<string, string> = {
  "28P01": "Check the password in DATABASE_URL.",
  "28000": "Check the user in DATABASE_URL, and what the server's pg_hba.conf lets in.",
  "3D000": "Create the database, or name another one in DATABASE_URL.",
  "25006": "The server is read-only: name the primary in DATABASE_URL.",
  "53300": "The server has no connection to spare: close some, or raise its max_connections.",
  "42501": "Give the user of DATABASE_URL the right to create in the schema 'gitway'.",
  "53100": "The disk of the server is full: make room.",
};

/** Whether this is the server's answer to a statement, rather than a broken connection. */
export function isServerAnswer(error: unknown): error is DatabaseError & { code: string } {
  return error instanceof DatabaseError && error.code !== undefined;
}

/** Whether the connection broke, so that nobody can say what became of the statement. */
export function isConnectionLoss(error: unknown): boolean {
  if (isServerAnswer(error)) return startsWithAny(error.code, endingStates);
  return error instanceof Error && (hasSystemCode(error) || connectionMessages.test(error.message));
}

const connectionMessages =
  /connection terminated|connection ended|not queryable|query read timeout|timeout exceeded|closed the connection/i;

/** What a failure to connect becomes: whatever it was, the database can't be reached. */
export function connectFailure(error: unknown, description: string): AppError {
  if (error instanceof AppError) return error;
  const hint = (isServerAnswer(error) && advice[error.code]) || "Check that it runs and can be reached.";
  return new AppError(
    "database-unreachable",
    `The database ${description} can't be reached: ${sentence(reasonOf(error))} ${hint}`,
    { cause: error },
  );
}

/** What a failed statement becomes. Anything that is neither the server's nor the connection's fault is a bug and stays as it is. */
export function queryFailure(error: unknown, description: string): unknown {
  if (error instanceof AppError) return error;
  if (isConnectionLoss(error)) return connectFailure(error, description);
  if (!isServerAnswer(error)) return error;
  if (startsWithAny(error.code, unreachableStates)) return connectFailure(error, description);
  return new AppError(
    "database-failed",
    `The database ${description} refused a statement: ${sentence(error.message)} ${advice[error.code] ?? ""}`.trim(),
    { cause: error },
  );
}

function startsWithAny(code: string, prefixes: readonly string[]): boolean {
  return prefixes.some((prefix) => code.startsWith(prefix));
}

/** `ECONNREFUSED` and its like, as Node's sockets and DNS give them. */
function hasSystemCode(error: Error): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return typeof code === "string" && /^(E[A-Z]+|ERR_SSL\w*|ERR_TLS\w*)$/.test(code);
}

/** A failed connection to a name with several addresses carries one error for each, and no message. */
function reasonOf(error: unknown): string {
  if (error instanceof AggregateError && error.message === "")
    return error.errors.map((each) => messageOf(each)).join(", ");
  return messageOf(error);
}

function sentence(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`;
}
