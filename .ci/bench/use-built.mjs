import { register } from "node:module";
import { isMainThread } from "node:worker_threads";

// Benchmarks name the sources, and measure what is built from them: what users run.
if (isMainThread) register(import.meta.url);

const source = /\/src\/(.+)\.tsx?$/;

/** Resolves a source of the project to the file that is built from it. */
export async function resolve(specifier, context, next) {
  const resolved = await next(specifier, context);
  return { ...resolved, url: resolved.url.replace(source, "/dist/$1.js") };
}
