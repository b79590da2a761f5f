import type { ApiDefinitionSpec, MiddlewareScript } from "../../manifest/api-definition.generated.ts";

/** A middleware script made ready for serving. */
export interface Middleware {
  readonly file: string;
  /** The text of the module, or null when the store doesn't have it. */
  readonly source: string | null;
  /** The exported function. */
  readonly entry: string;
}

/** The middleware of a definition, in the order in which calls meet it. */
export interface MiddlewareChain {
  readonly pre: readonly Middleware[];
  readonly post: readonly Middleware[];
}

/** Of a definition without middleware. */
export const noMiddleware: MiddlewareChain = { pre: [], post: [] };

/** Makes middleware ready for serving. */
export function prepareMiddleware(
  { pre = [], post = [] }: NonNullable<ApiDefinitionSpec["middleware"]> = {},
  files: Readonly<Record<string, string>>,
  blobs: ReadonlyMap<string, string>,
): MiddlewareChain {
  const prepare = ({ file, function: entry = "default" }: MiddlewareScript): Middleware => ({
    file,
    source: blobs.get(files[file] ?? "") ?? null,
    entry,
  });
  return { pre: pre.map(prepare), post: post.map(prepare) };
}
