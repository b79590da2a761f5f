import { gatherBytes } from "../gather-bytes.ts";

/**
 * The bytes of a request's body, at most `limit` of them: a length that is announced is believed when it is too
 * large, and what comes is counted in any case. Nothing is kept of a body that is too large.
 */
export async function readBody(request: Request, limit: number): Promise<Buffer | "too-large" | "broken"> {
  const announced = request.headers.get("content-length");
  if (announced !== null && !(Number(announced) <= limit)) return "too-large";
  if (request.body === null) return Buffer.alloc(0);
  const body = gatherBytes();
  let length = 0;
  const reader = request.body.getReader();
  try {
    for (let next = await reader.read(); !next.done; next = await reader.read()) {
      length += next.value.length;
      if (length > limit) {
        await reader.cancel();
        return "too-large";
      }
      body.add(next.value);
    }
  } catch {
    return "broken";
  }
  return body.whole();
}
