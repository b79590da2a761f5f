import type { Config } from "../../config.ts";
import type { TableOrigin } from "../../endpoint/table/table-follower.ts";
import type { ErrorCode } from "../../errors.ts";

/** What the endpoint's thread is started with. Plain data: it goes from one thread to another. */
export interface EndpointSetup {
  readonly endpoint: Config["endpoint"];
  readonly targets: Config["targets"];
  readonly log: Pick<Config["log"], "level" | "format" | "access">;
  readonly snapshotFile: string;
  readonly store: { readonly url: string; readonly description: string };
}

/** What the endpoint's thread is asked to do. */
export type EndpointOrder = { readonly kind: "series"; readonly id: number } | { readonly kind: "close" };

/** What the endpoint's thread says. */
export type EndpointReport =
  | { readonly kind: "started"; readonly url: string }
  /** It could not be started, and has ended. */
  | { readonly kind: "failed"; readonly code: ErrorCode; readonly message: string }
  /** Another table serves. */
  | { readonly kind: "serves"; readonly revision: number | null; readonly from: TableOrigin | null }
  /** A line of the log, as JSON. */
  | { readonly kind: "line"; readonly json: string }
  /** Lines about requests, for the access log. */
  | { readonly kind: "requests"; readonly lines: string }
  /** Its metrics, as they were asked for. */
  | { readonly kind: "series"; readonly id: number; readonly text: string }
  /** Everything is closed, and the thread can go. */
  | { readonly kind: "closed" };
