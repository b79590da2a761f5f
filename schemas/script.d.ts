/**
 * What the scripts and middleware of an API get and return. For an editor, and for `tsc --checkJs`:
 *
 *     /** @type {import("…/script.d.ts").Script} *\/
 *     export default function hello(input) { … }
 */

/** The default export of a script. A promise that is never settled is an error. */
export type Script = (input: ScriptInput) => ScriptAnswer | Promise<ScriptAnswer>;

/** The export `run` of a script with `input: run`. Nobody reads what it returns. */
export type RunScript = (parameters: TextValues) => void | Promise<void>;

/** A function that `middleware.pre` or `middleware.post` names. To return nothing changes nothing. */
export type Middleware = (
  request: MiddlewareRequest,
  context: MiddlewareContext,
) => MiddlewareResult | void | null | Promise<MiddlewareResult | void | null>;

/** Values by name. */
export type TextValues = Readonly<Record<string, string>>;

/** Values by name; one name may have several. */
export type TextLists = Readonly<Record<string, readonly string[]>>;

/** A call, as a script sees it. Nothing in it has been decoded but the query. */
export interface ScriptInput {
  /** In capitals. */
  readonly method: string;
  /** The route that was called, below the endpoint's base. Of a listen path only what follows it. */
  readonly route: string;
  /** What follows the route or listen path, with a leading slash, as middleware left it. */
  readonly path: string;
  /** The placeholders of the route. */
  readonly routeParameters: TextValues;
  /** By name, in the order in which they came. */
  readonly query: TextLists;
  /** By name in lower case. Without those that callers sign in with. */
  readonly headers: TextValues;
  /** The body as text. */
  readonly rawBody: string;
  /** With `input: parameters`, those of the body: a flat JSON object. */
  readonly parameters: TextValues;
  readonly clientAddress: string;
  /** Whose token it was; null for a call that needed none. */
  readonly tokenId: string | null;
  readonly tokenName: string | null;
}

/** What a script answers. */
export interface ScriptAnswer {
  /** 200 to 599; 200 when absent. */
  readonly status?: number;
  readonly headers?: HeaderValues;
  /** Text is sent as it is, anything else as JSON. The content type is `application/json` unless a header says otherwise. */
  readonly body?: unknown;
  /** Sent instead of `body`, as `application/octet-stream` unless a header says otherwise. */
  readonly bytes?: Uint8Array | readonly number[] | null;
}

/** Headers by name, with one value or several. */
export type HeaderValues = Readonly<Record<string, string | readonly string[]>>;

/** A call, as middleware sees it: without its body, which is still on its way. */
export interface MiddlewareRequest {
  /** In capitals. */
  readonly method: string;
  /** What follows the route or listen path, with a leading slash. */
  readonly path: string;
  /** The placeholders of the route. */
  readonly routeParameters: TextValues;
  readonly query: TextLists;
  /** By name in lower case. Without those that callers sign in with. */
  readonly headers: TextValues;
}

/** What middleware is told of a call. */
export interface MiddlewareContext {
  /** The name of the definition. */
  readonly definition: string;
  /** The version that is asked for, or null without versions. */
  readonly version: string | null;
  readonly clientAddress: string;
  /** Whose token it was. Null in `pre`, where none has been checked, and for a call that needed none. */
  readonly tokenId: string | null;
  readonly tokenName: string | null;
}

/** An answer at once, or changes of what goes on to the next middleware and to the action. */
export type MiddlewareResult = { readonly reply: ScriptAnswer } | MiddlewareEdits;

/** Changes of a call. Other fields are an error, and the call is refused. */
export interface MiddlewareEdits {
  /** Instead of those of the same name. */
  readonly setHeaders?: HeaderValues;
  readonly removeHeaders?: readonly string[];
  /** Instead of those of the same name. */
  readonly setQuery?: Readonly<Record<string, string | readonly string[]>>;
  readonly removeQuery?: readonly string[];
  /** Takes the place of `request.path`. The path lists are asked again. */
  readonly path?: string;
}

declare global {
  /** Its lines go to the log of the endpoint, at level `debug`: a hundred of a thousand characters in each run. */
  interface Console {
    log(...values: unknown[]): void;
    info(...values: unknown[]): void;
    warn(...values: unknown[]): void;
    error(...values: unknown[]): void;
    debug(...values: unknown[]): void;
  }

  var console: Console;
}
