/** What `git cat-file --batch` answers to one object id. */
export type BatchAnswer =
  | { readonly status: "content"; readonly type: string; readonly content: Buffer }
  /** The content was passed over: it is larger than asked for. */
  | { readonly status: "too-large"; readonly type: string; readonly size: number }
  | { readonly status: "missing" };

const maxHeader = 4096;

/**
 * Takes the output of `git cat-file --batch` apart, however it is cut into chunks. A content above
 * `maxSize` bytes is passed over without being held. Output of any other form throws.
 */
export function createBatchFrames(maxSize: number, answered: (answer: BatchAnswer) => void) {
  let header: Buffer = Buffer.alloc(0);
  let body: { type: string; size: number; rest: number; chunks: Buffer[] | null } | null = null;

  function push(chunk: Buffer): void {
    let rest = chunk;
    while (rest.length > 0) rest = body ? takeBody(rest) : takeHeader(rest);
  }

  function takeHeader(chunk: Buffer): Buffer {
    const end = chunk.indexOf(0x0a);
    header = Buffer.concat([header, end < 0 ? chunk : chunk.subarray(0, end)]);
    if (header.length > maxHeader) throw new Error("git cat-file answered with an endless line");
    if (end < 0) return chunk.subarray(chunk.length);
    const line = header.toString("latin1");
    header = Buffer.alloc(0);
    if (line.endsWith(" missing") || line.endsWith(" ambiguous")) answered({ status: "missing" });
    else body = bodyOf(line);
    return chunk.subarray(end + 1);
  }

  function bodyOf(line: string) {
    const match = /^[0-9a-f]+ ([a-z]+) (\d+)$/.exec(line);
    if (!match) throw new Error(`git cat-file answered '${line.slice(0, 100)}'`);
    const size = Number(match[2]);
    return { type: match[1] ?? "", size, rest: size + 1, chunks: size > maxSize ? null : [] };
  }

  /** The content and the line feed behind it. */
  function takeBody(chunk: Buffer): Buffer {
    if (!body) return chunk;
    const part = chunk.subarray(0, body.rest);
    body.rest -= part.length;
    body.chunks?.push(part);
    if (body.rest === 0) {
      const { type, size, chunks } = body;
      body = null;
      if (chunks) answered({ status: "content", type, content: Buffer.concat(chunks).subarray(0, size) });
      else answered({ status: "too-large", type, size });
    }
    return chunk.subarray(part.length);
  }

  return { push };
}
