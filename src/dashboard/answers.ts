import type { Context } from "hono";
import type { ContentfulStatusCode } from "hono/utils/http-status";

/** An error in the envelope of the Dashboard API: `{"Status":"Error","Message":…,"Meta":null}`. */
export function refuse(
  context: Context,
  status: ContentfulStatusCode,
  message: string,
  headers: Record<string, string> = {},
): Response {
  return context.json({ Status: "Error", Message: message, Meta: null }, status, headers);
}
