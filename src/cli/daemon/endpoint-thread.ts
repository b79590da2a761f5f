import type { Closeable } from "../../closeable.ts";
import type { TableOrigin } from "../../endpoint/table/table-follower.ts";
import { AppError } from "../../errors.ts";
import type { Logs } from "../../log.ts";
import { startWorker } from "../../worker.ts";
import type { EndpointOrder, EndpointReport, EndpointSetup } from "./endpoint-message.ts";

/** The endpoint, in a thread of its own. */
export interface EndpointThread extends Closeable {
  readonly url: string;
  /** The revision of the table that serves now; null before the first. */
  readonly servedRevision: () => number | null;
  /** Where that table came from; null before the first. */
  readonly servedFrom: () => TableOrigin | null;
  /** What it has counted, in the text format of Prometheus. */
  readonly series: () => Promise<string>;
}

/**
 * Starts the endpoint in a thread of its own, with connections of its own to the store: planning and writing a large
 * commit keeps this thread busy for a second, and callers must not notice. Rejects with the `AppError` that it failed
 * with. A bug there ends the process, as it would here.
 */
export function startEndpointThread(
  setup: EndpointSetup,
  { line, access }: Pick<Logs, "line" | "access">,
): Promise<EndpointThread> {
  const worker = startWorker(new URL("./endpoint-worker.ts", import.meta.url), { workerData: setup });
  const asked = new Map<number, (text: string) => void>();
  const closed = new Promise<void>((resolve) => worker.once("exit", () => resolve()));
  let questions = 0;
  let revision: number | null = null;
  let from: TableOrigin | null = null;

  return new Promise((resolve, reject) => {
    worker.on("message", (report: EndpointReport) => take(report));

    function take(report: EndpointReport): void {
      if (report.kind === "line") line(report.json);
      else if (report.kind === "requests") access?.(report.lines);
      else if (report.kind === "serves") ({ revision, from } = report);
      else if (report.kind === "series") answer(report.id, report.text);
      else if (report.kind === "started") resolve(thread(report.url));
      else if (report.kind === "closed") void worker.terminate();
      else if (report.kind === "failed") reject(new AppError(report.code, report.message));
    }
  });

  function thread(url: string): EndpointThread {
    return {
      url,
      servedRevision: () => revision,
      servedFrom: () => from,
      series: () =>
        new Promise((resolve) => {
          asked.set(++questions, resolve);
          order({ kind: "series", id: questions });
        }),
      async close() {
        order({ kind: "close" });
        await closed;
      },
    };
  }

  function order(what: EndpointOrder): void {
    worker.postMessage(what, []);
  }

  function answer(id: number, text: string): void {
    asked.get(id)?.(text);
    asked.delete(id);
  }
}
