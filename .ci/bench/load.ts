import { token } from "./gitway.ts";
import { cores, outputOf, startScript } from "./processes.ts";

/** What a load is: GET requests with the token to a path, in which `{i}` counts up. */
export interface Load {
  readonly port: number;
  readonly path: string;
  /** How many values `{i}` takes. */
  readonly count: number;
  readonly connections: number;
  readonly seconds: number;
  /** Ends the load after so many answers. */
  readonly most?: number;
  /** Whether to note which bodies came with which revision. */
  readonly watch?: boolean;
}

/** What came of it. */
export interface LoadResult {
  readonly perSecond: number;
  readonly answered: number;
  /** The longest wait for an answer, in milliseconds. */
  readonly longest: number;
  /** How much of the time the load generator was at work: near 1 it was itself the limit. */
  readonly busy: number;
  readonly failures: Readonly<Record<string, number>>;
  readonly bodies: readonly { readonly revision: string; readonly bodies: Record<string, number> }[];
}

/** Runs a load in a process of its own. */
export async function runLoad(load: Load, signal?: AbortSignal): Promise<LoadResult> {
  const headers = [`Authorization: Bearer ${token}`];
  const generator = startScript(
    cores.others,
    "load-process.mjs",
    JSON.stringify({ watch: false, headers, ...load }),
  );
  signal?.addEventListener("abort", () => generator.child.stdin?.end(), { once: true });
  return JSON.parse(await outputOf(generator)) as LoadResult;
}

/** Waits until a server answers the first request of a load with a 200, and makes sure that it asks for the token. */
export async function ready({ port, path }: Pick<Load, "port" | "path">, forbidden?: string): Promise<void> {
  const origin = `http://127.0.0.1:${port}`;
  const url = origin + path.replace("{i}", "0");
  const deadline = performance.now() + 120_000;
  while ((await get(url, token)).status !== 200) {
    if (performance.now() > deadline) throw new Error(`${url} does not answer.`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  const refused = [(await get(url, null)).status];
  if (forbidden !== undefined) refused.push((await get(origin + forbidden, token)).status);
  if (refused.includes(200)) throw new Error(`${url} lets everybody in: ${refused.join(", ")}.`);
}

/** The answer to one request. Without a status nobody answered. */
export async function get(
  url: string,
  secret: string | null,
): Promise<{ readonly status: number | null; readonly text: string }> {
  const headers = secret === null ? {} : { authorization: `Bearer ${secret}` };
  const response = await fetch(url, { headers }).catch(() => null);
  return { status: response?.status ?? null, text: (await response?.text()) ?? "" };
}
