import { readBody } from "../read-body.ts";

const largest = 1024 * 1024;

/** The JSON of a request's body, or why there is none: a status and a sentence. No body may stand for a value. */
export async function readJson(
  request: Request,
  options: { readonly whenEmpty?: unknown } = {},
): Promise<{ readonly value: unknown } | { readonly status: 400 | 413 | 415; readonly message: string }> {
  const type = request.headers.get("content-type")?.split(";", 1)[0]?.trim().toLowerCase() ?? "";
  // What browsers send across sites without asking first is none of these.
  if (type !== "" && type !== "application/json" && !type.endsWith("+json"))
    return { status: 415, message: "Send JSON, with the content type application/json." };
  const body = await readBody(request, largest);
  if (body === "too-large") return { status: 413, message: "Request body too large: 1 MiB at most." };
  if (body === "broken") return { status: 400, message: "Request body malformed." };
  if (body.length === 0 && "whenEmpty" in options) return { value: options.whenEmpty };
  try {
    return { value: JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(body)) };
  } catch {
    return { status: 400, message: "Request body malformed." };
  }
}
