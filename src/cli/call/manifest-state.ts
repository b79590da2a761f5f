import { resolve } from "node:path";

import { secretResolver } from "../../config-secrets.ts";
import type { Config } from "../../config.ts";
import { silentLog } from "../../log.ts";
import { checkSet } from "../../manifest/check-set.ts";
import type { Manifest } from "../../manifest/manifest.ts";
import { readFolder } from "../../source/folder/read-folder.ts";
import type { ServingCredential } from "../../store/credentials/credential-store.ts";
import type { ServingState, StoredDefinition, StoredToken } from "../../store/serving/serving-store.ts";

/** What an endpoint would serve of the manifests of a folder. */
export interface ManifestState {
  readonly state: ServingState;
  /** How many errors there are; manifests with one are left out. */
  readonly errors: number;
  /** The names of the tokens whose secret is not known here: that is issued, or is not where a reference leads. */
  readonly unknownSecrets: readonly string[];
}

/** Reads the manifests of a folder, as they lie there, into what an endpoint would serve: no Git, no store. */
export async function readManifestState(folder: string, config: Config): Promise<ManifestState> {
  const { limits, endpoint, targets } = config;
  const cwd = process.cwd();
  const { set, contents } = await readFolder([resolve(cwd, folder)], {
    cwd,
    limits,
    routeBase: endpoint.base,
    targets,
  });
  const stored = set.manifests.map(asStored);
  const tokens = stored.filter((object) => object.kind === "ApiToken");
  const credentials = await credentialsOf(tokens, config);
  const known = new Set(credentials.map(({ tokenId }) => tokenId));
  const broken = [...set.unidentified, ...set.broken.flatMap(({ problems }) => problems), ...checkSet(set)];
  return {
    state: {
      revision: 0,
      commit: null,
      definitions: stored.filter((object) => object.kind === "ApiDefinition"),
      tokens,
      credentials,
      blobs: contents,
    },
    errors: broken.filter(({ severity }) => severity === "error").length,
    unknownSecrets: tokens.filter(({ id }) => !known.has(id)).map(({ name }) => name),
  };
}

type Stored = StoredDefinition | StoredToken | (Extract<Manifest, { kind: "User" | "Webhook" }> & Fields);
type Fields = Pick<StoredDefinition, "version" | "commit" | "path" | "line">;

function asStored({ place, places: _places, ...object }: Manifest): Stored {
  return { ...object, version: 0, commit: "", path: place.file, line: place.line } as Stored;
}

/** Of secrets that are issued nobody knows here. */
async function credentialsOf(tokens: readonly StoredToken[], config: Config): Promise<ServingCredential[]> {
  // Most requests need none of them, so that one which is missing is worth a word only to who comes with it.
  const resolveSecret = secretResolver(config.secretsDir, config.environment(), silentLog());
  const found = tokens.map(async ({ id, spec }, index): Promise<ServingCredential[]> => {
    const { sha256, env, file } = spec.secret;
    const place = env === undefined ? { file } : { env };
    const hash = sha256 ?? (await resolveSecret(place))?.hexHash();
    return hash === undefined ? [] : [{ id: index, tokenId: id, hash, notAfter: null }];
  });
  return (await Promise.all(found)).flat();
}
