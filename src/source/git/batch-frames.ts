/** What `git cat-file --batch` answers to one object id. */
export type BatchAnswer =
  | { readonly status: "content"; readonly id: string; readonly type: string; readonly content: Buffer }
  /** The content was passed over: it is larger than asked for. */
  | { readonly status: "too-large"; readonly type: string; readonly size: number }
  | { readonly status: "missing" };

const maxHeader = 4096;

/**
 * Takes the output of `git cat-file --batch` apart, however it is cut into chunks. A content above the most
 * bytes of its type is passed over without being held. Output of any other form throws.
 */
export function createBatchFrames(
  mostBytes: (type: string) => number,
  answered: (answer: BatchAnswer) => void,
) {
  let header: Buffer = Buffer.alloc(0);
  let body: (Header & { rest: number; chunks: Buffer[] | null }) | null = null;

  function push(chunk: Buffer): void {
    let rest = chunk;
    while (rest.length > 0) rest = body ? takeBody(rest) : takeHeader(rest);
  }

  function takeHeader(chunk: Buffer): Buffer {
    const end = chunk.indexOf(0x0a);
    header = Buffer.concat([header, end < 0 ? chunk : chunk.subarray(0, end)]);
    if (header.length > maxHeader) throw new Error("git cat-file answered with an endless line");
    if (end < 0) return chunk.subarray(chunk.length);
    const found = parseHeader(header.toString("latin1"));
    header = Buffer.alloc(0);
    if (!found) answered({ status: "missing" });
    else body = { ...found, rest: found.size + 1, chunks: found.size > mostBytes(found.type) ? null : [] };
    return chunk.subarray(end + 1);
  }

  /** The content and the line feed behind it. */
  function takeBody(chunk: Buffer): Buffer {
    if (!body) return chunk;
    const part = chunk.subarray(0, body.rest);
    body.rest -= part.length;
    body.chunks?.push(part);
    if (body.rest === 0) {
      const { id, type, size, chunks } = body;
      body = null;
      if (chunks) answered({ status: "content", id, type, content: Buffer.concat(chunks).subarray(0, size) });
      else answered({ status: "too-large", type, size });
    }
    return chunk.subarray(part.length);
  }

  return { push };
}

/** Takes the output of `git cat-file --batch-check` apart: sizes, or null for what is missing. */
export function createCheckFrames(answered: (size: number | null) => void) {
  let rest = "";

  function push(chunk: Buffer): void {
    const lines = (rest + chunk.toString("latin1")).split("\n");
    rest = lines.pop() ?? "";
    if (rest.length > maxHeader) throw new Error("git cat-file answered with an endless line");
    for (const line of lines) answered(parseHeader(line)?.size ?? null);
  }

  return { push };
}

interface Header {
  readonly id: string;
  readonly type: string;
  readonly size: number;
}

/** Null for an object that is missing. */
function parseHeader(line: string): Header | null {
  if (line.endsWith(" missing") || line.endsWith(" ambiguous")) return null;
  const [, id = "", type = "", size] = /^([0-9a-f]+) ([a-z]+) (\d+)$/.exec(line) ?? [];
  if (size === undefined) throw new Error(`git cat-file answered '${line.slice(0, 100)}'`);
  return { id, type, size: Number(size) };
}
