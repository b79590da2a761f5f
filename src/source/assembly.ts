import { assembleManifests, referencedFiles } from "../manifest/assemble.ts";
import type { ManifestSet } from "../manifest/manifest.ts";
import type { ParsedFile } from "../manifest/parsed-file.ts";

interface Assembled {
  readonly references: readonly string[];
  /** Of the references, in their order, when the set was made. */
  digests: readonly (string | undefined)[];
  set: ManifestSet;
}

/** Puts together what files say, and remembers it for as long as the files are remembered. */
export function createAssembly() {
  const known = new WeakMap<ParsedFile, Assembled>();

  function references(files: readonly ParsedFile[]): string[] {
    return [...new Set(files.flatMap((file) => assembled(file, nothing).references))].sort();
  }

  function assemble(files: readonly ParsedFile[], digests: ReadonlyMap<string, string>): ManifestSet {
    const sets = files.map((file) => assembled(file, digests).set);
    return {
      manifests: sets.flatMap(({ manifests }) => manifests),
      broken: sets.flatMap(({ broken }) => broken),
      unidentified: sets.flatMap(({ unidentified }) => unidentified),
      warnings: sets.flatMap(({ warnings }) => warnings),
    };
  }

  function assembled(file: ParsedFile, digests: ReadonlyMap<string, string> | null): Assembled {
    const found = known.get(file);
    if (
      found &&
      (digests === null ||
        found.digests.every((digest, at) => digest === digests.get(found.references[at] ?? "")))
    )
      return found;
    const paths = found?.references ?? referencedFiles([file]);
    const made: Assembled = {
      references: paths,
      digests: paths.map((path) => digests?.get(path)),
      set: assembleManifests([file], { digestOf: (path) => digests?.get(path) }),
    };
    known.set(file, made);
    return made;
  }

  return { references, assemble };
}

/** Asks only for what does not depend on digests. */
const nothing = null;
