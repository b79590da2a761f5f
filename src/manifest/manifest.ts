import type { ApiDefinitionSpec } from "./api-definition.generated.ts";
import type { ApiTokenSpec } from "./api-token.generated.ts";
import type { Place, Problem } from "./problem.ts";
import type { UserSpec } from "./user.generated.ts";
import type { WebhookSpec } from "./webhook.generated.ts";

/** What each kind of manifest specifies. */
export interface SpecByKind {
  ApiDefinition: ApiDefinitionSpec;
  ApiToken: ApiTokenSpec;
  Webhook: WebhookSpec;
  User: UserSpec;
}

/** The kinds of object that manifests describe. */
export type Kind = keyof SpecByKind;

/** The kinds, in the order in which they are applied: what is referred to comes first. */
export const kinds = ["User", "Webhook", "ApiToken", "ApiDefinition"] as const satisfies readonly Kind[];

/** What names an object: the kind and the UUID. The name is unique per kind too. */
export interface Identity {
  readonly kind: Kind;
  readonly id: string;
  readonly name: string;
}

interface ObjectOf<K extends Kind> extends Identity {
  readonly kind: K;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  /** Normalised: defaults filled in. */
  readonly spec: SpecByKind[K];
  /** Content digests (SHA-256, hex) of the referenced files, by path in the repository. */
  readonly files: Readonly<Record<string, string>>;
  /** SHA-256, hex, of everything above in canonical form. Two objects are equal when their hashes are. */
  readonly hash: string;
}

/** An object of the desired or of the stored state, without where it came from. */
export type GitwayObject = { [K in Kind]: ObjectOf<K> }[Kind];

/** What an object of some kind specifies. */
export type Specified = {
  [K in Kind]: { readonly kind: K; readonly spec: SpecByKind[K] };
}[Kind];

/** An object as a manifest says it. */
export type Manifest = GitwayObject & {
  /** The document. */
  readonly place: Place;
  /** Places of the fields that other manifests can clash with, by JSON pointer. */
  readonly places: Readonly<Record<string, Place>>;
};

/** A document whose identity can be read but which has an error. */
export interface BrokenManifest extends Identity {
  readonly place: Place;
  readonly problems: readonly Problem[];
}

/** All that a verified tree says. */
export interface ManifestSet {
  readonly manifests: readonly Manifest[];
  readonly broken: readonly BrokenManifest[];
  /**
   * Errors in places whose identity can't be read: a syntax error, a symlink, an unknown kind. While
   * there is one, absence proves nothing (law 3).
   */
  readonly unidentified: readonly Problem[];
  /** Warnings about manifests that are in use. */
  readonly warnings: readonly Problem[];
}

/** One string for an identity, to key maps with. */
export function objectKey(identity: Pick<Identity, "kind" | "id">): string {
  return `${identity.kind}/${identity.id}`;
}
