import type { Context } from "hono";
import type { ContentfulStatusCode } from "hono/utils/http-status";

/** An error in the envelope of the Dashboard API: `{"Status":"Error","Message":…,"Meta":null}`. */
export function refuse(
  context: Context,
  status: ContentfulStatusCode,
  message: string,
  headers: Record<string, string> = {},
): Response {
  return context.json(envelope(message), status, headers);
}

/** The same, where there is no context. */
export function envelope(message: string) {
  return { Status: "Error", Message: message, Meta: null };
}
