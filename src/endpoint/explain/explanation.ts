import type { PathVerdict } from "../table/path-lists.ts";

/** How a request is decided, and why. */
export interface Explanation {
  readonly request: {
    readonly method: string;
    /** With its query, which whoever asks has given. */
    readonly url: string;
    readonly host: string;
    readonly clientAddress: string;
  };
  /** The revision that was asked. */
  readonly revision: number;
  /** The name of the definition that has the path, also of one that is not active; null when none has it. */
  readonly definition: string | null;
  readonly isActive: boolean;
  readonly version: string | null;
  /** What stands for the placeholders of the route. */
  readonly parameters: Readonly<Record<string, string>>;
  /** What the path lists say, and by which entry; null when nothing was looked up in them. */
  readonly path: { readonly kind: PathVerdict["kind"]; readonly entry: string | null } | null;
  readonly token: { readonly state: TokenState; readonly name: string | null };
  /** The rules that the request met, in their order. */
  readonly rules: readonly RuleStep[];
  readonly decision: {
    readonly isServed: boolean;
    readonly status: number;
    /** The rule that ended the way; null when the action serves the request, or nothing can. */
    readonly rule: string | null;
    /** The error code, and what it is called; null when the request is served. */
    readonly code: number | null;
    readonly name: string | null;
    /** In sentences. */
    readonly why: readonly string[];
  };
  /** What serves the request; null when nothing gets to. */
  readonly action: {
    readonly kind: "proxy" | "reply" | "script" | "batch";
    /** Whether it was run for this answer. */
    readonly isRun: boolean;
    /** Where a proxy sends the request. */
    readonly upstream: string | null;
  } | null;
}

/** What a token is to a request. */
export type TokenState =
  | "accepted"
  | "not needed"
  | "missing"
  | "unknown"
  | "disabled"
  | "expired"
  | "not allowed";

/** How a rule judged a request. */
export interface RuleStep {
  readonly rule: string;
  readonly outcome: "passed" | "refused" | "answered" | "changed" | "not counted";
}
