import { hashObject } from "./canonical.ts";
import type { BrokenManifest, Manifest, ManifestSet } from "./manifest.ts";
import type { Draft, FileReference, ParsedDocument, ParsedFile } from "./parsed-file.ts";
import { quoteForPeople, readable } from "./pointer.ts";
import type { Problem } from "./problem.ts";

/** The files of a verified tree. */
export interface RepositoryFiles {
  /** SHA-256 hex digest of a regular file at a repository path; undefined when there is none. */
  digestOf(path: string): string | undefined;
}

/** The repository paths whose digests `assembleManifests` will ask for, each once. */
export function referencedFiles(files: readonly ParsedFile[]): string[] {
  const paths = documentsOf(files).flatMap((document) =>
    document.status === "good" ? document.fileReferences.map(({ file }) => file) : [],
  );
  return [...new Set(paths)].sort();
}

/**
 * Puts together what all files of a tree say. A manifest that refers to a missing file becomes a broken
 * one; the others get the digests of their files and their hash.
 */
export function assembleManifests(files: readonly ParsedFile[], repository: RepositoryFiles): ManifestSet {
  const manifests: Manifest[] = [];
  const broken: BrokenManifest[] = [];
  const unidentified: Problem[] = [];
  const warnings: Problem[] = [];
  for (const document of documentsOf(files)) {
    if (document.status === "unidentified") unidentified.push(...document.problems);
    else if (document.status === "broken") broken.push(withoutStatus(document));
    else {
      const { manifest, problems } = complete(document, repository);
      if (manifest) manifests.push(manifest);
      else broken.push(brokenFrom(document, problems));
      if (manifest) warnings.push(...document.warnings);
    }
  }
  return { manifests, broken, unidentified, warnings };
}

function documentsOf(files: readonly ParsedFile[]): ParsedDocument[] {
  return files.flatMap(({ documents }) => documents);
}

function withoutStatus({ kind, id, name, place, problems }: BrokenManifest): BrokenManifest {
  return { kind, id, name, place, problems };
}

function brokenFrom(
  { kind, id, name, place, warnings }: Draft,
  problems: readonly Problem[],
): BrokenManifest {
  return { kind, id, name, place, problems: [...problems, ...warnings] };
}

function complete(
  draft: Draft,
  repository: RepositoryFiles,
): { readonly manifest: Manifest | null; readonly problems: readonly Problem[] } {
  const files: Record<string, string> = {};
  const problems: Problem[] = [];
  for (const reference of draft.fileReferences) {
    const digest = repository.digestOf(reference.file);
    if (digest === undefined) problems.push(missing(reference));
    else files[reference.file] = digest;
  }
  if (problems.length > 0) return { manifest: null, problems };
  const { kind, id, name, labels, annotations, spec, place, places } = draft;
  const content = { kind, id, name, labels, annotations, spec, files };
  return { manifest: { ...content, hash: hashObject(content), place, places } as Manifest, problems };
}

function missing({ file, path, place }: FileReference): Problem {
  const message = `'${readable(path)}' names ${quoteForPeople(file)}, which is no file of the repository: add the file, or correct the path.`;
  return { ...place, code: "missing-file", severity: "error", message, path };
}
