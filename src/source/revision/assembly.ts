import { assembleManifests, referencedFiles } from "../../manifest/assemble.ts";
import type { BrokenManifest, Manifest, ManifestSet } from "../../manifest/manifest.ts";
import type { ParsedFile } from "../../manifest/parsed-file.ts";
import type { Problem } from "../../manifest/problem.ts";

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
    const all = new Set<string>();
    for (const file of files) for (const path of assembled(file, nothing).references) all.add(path);
    return [...all].sort();
  }

  function assemble(files: readonly ParsedFile[], digests: ReadonlyMap<string, string>): ManifestSet {
    const manifests: Manifest[] = [];
    const broken: BrokenManifest[] = [];
    const unidentified: Problem[] = [];
    const warnings: Problem[] = [];
    for (const file of files) {
      const { set } = assembled(file, digests);
      for (const manifest of set.manifests) manifests.push(manifest);
      for (const each of set.broken) broken.push(each);
      for (const problem of set.unidentified) unidentified.push(problem);
      for (const warning of set.warnings) warnings.push(warning);
    }
    return { manifests, broken, unidentified, warnings };
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
