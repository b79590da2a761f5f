import type { TargetLists } from "../denied-address.ts";
import type { BrokenManifest, Identity, Kind, Manifest, SpecByKind } from "./manifest.ts";
import type { Place, Problem } from "./problem.ts";

/** What parsing must know besides the text. */
export interface ParseOptions {
  /** The path below which routes are served: `/api/custom`. */
  readonly routeBase: string;
  /** Which addresses may be reached, besides what is so by default. */
  readonly targets?: TargetLists | undefined;
}

/** A file of the repository that a manifest needs. */
export interface FileReference {
  /** The path in the repository. */
  readonly file: string;
  /** JSON pointer of the field that names it. */
  readonly path: string;
  readonly place: Place;
}

interface DraftOf<K extends Kind>
  extends Identity, Pick<Manifest, "labels" | "annotations" | "place" | "places"> {
  readonly kind: K;
  /** Normalised: defaults filled in. */
  readonly spec: SpecByKind[K];
  readonly fileReferences: readonly FileReference[];
  readonly warnings: readonly Problem[];
}

/** A manifest without errors of its own. Whether the files that it needs exist is not known yet. */
export type Draft = { [K in Kind]: DraftOf<K> }[Kind];

/** What became of one document. */
export type ParsedDocument =
  | ({ readonly status: "good" } & Draft)
  | ({ readonly status: "broken" } & BrokenManifest)
  | { readonly status: "unidentified"; readonly problems: readonly Problem[] };

/** All that one file says. Plain data, which can go from one thread to another. */
export interface ParsedFile {
  /** The path in the repository. */
  readonly path: string;
  readonly documents: readonly ParsedDocument[];
}
