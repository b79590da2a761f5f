import { readBody } from "../read-body.ts";
import { jsonFlaw } from "./json-flaw.ts";

const largest = 1024 * 1024;

/** A body that can't be taken: a status and a sentence. */
interface Refusal {
  readonly status: 400 | 413 | 415;
  readonly message: string;
}

/** The JSON of a request's body, or why there is none. No body may stand for a value. */
export async function readJson(
  request: Request,
  options: { readonly whenEmpty?: unknown } = {},
): Promise<{ readonly value: unknown } | Refusal> {
  const refusal = headerRefusal(request.headers);
  if (refusal) return refusal;
  const body = await readBody(request, largest);
  if (body === "too-large") return { status: 413, message: "Request body too large: 1 MiB at most." };
  if (body === "broken") return malformed;
  if (body.length === 0 && "whenEmpty" in options) return { value: options.whenEmpty };
  return parse(body);
}

const malformed: Refusal = { status: 400, message: "Request body malformed." };

function headerRefusal(headers: Headers): Refusal | null {
  const [type = "", ...parameters] = (headers.get("content-type") ?? "").toLowerCase().split(";");
  // What browsers send across sites without asking first is none of these.
  if (!/^(|application\/(.+\+)?json)$/.test(type.trim()))
    return { status: 415, message: "Send JSON, with the content type application/json." };
  const charset = parameters.find((parameter) => parameter.trim().startsWith("charset")) ?? "charset=utf-8";
  if (!/^\s*charset\s*=\s*"?utf-?8"?\s*$/.test(charset))
    return { status: 415, message: "Send JSON in UTF-8: no other charset is read." };
  const coding = headers.get("content-encoding") ?? "identity";
  if (coding.trim().toLowerCase() !== "identity")
    return { status: 415, message: "Send the body as it is: no Content-Encoding is read." };
  return null;
}

function parse(body: Buffer): { readonly value: unknown } | Refusal {
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(body);
    const flaw = jsonFlaw(text);
    if (flaw === null) return { value: JSON.parse(text) };
    return { status: 400, message: `Request body malformed: ${flaw}.` };
  } catch {
    return malformed;
  }
}
