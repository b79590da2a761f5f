import type { Config } from "../config.ts";
import type { Kind } from "../manifest/manifest.ts";

const folders: Readonly<Record<Kind, string>> = {
  ApiDefinition: "definitions",
  ApiToken: "tokens",
  Webhook: "webhooks",
  User: "users",
};

/** Names that Windows keeps for devices, whatever follows the first dot: nobody there could check such a file out. */
const deviceNames = /^(con|prn|aux|nul|com\d|lpt\d)$/;

/** Says in which file of the repository a new object goes: `dashboard.newFiles`. */
export function newFileNamer({
  dashboard,
  paths,
}: Pick<Config, "paths"> & { readonly dashboard: Pick<Config["dashboard"], "newFiles"> }): (
  kind: Kind,
  name: string,
) => string {
  const first = (paths[0] ?? "apis").replace(/\/$/, "");
  return (kind, name) =>
    dashboard.newFiles
      .replaceAll("{path}", () => first)
      .replaceAll("{kind}", folders[kind])
      .replaceAll("{name}", () => (deviceNames.test(name) ? `${name}_` : name));
}
