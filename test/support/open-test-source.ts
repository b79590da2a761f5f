import { join } from "node:path";

import { silentLog } from "../../src/log.ts";
import { openSource, type Source, type SourceOptions } from "../../src/source/open-source.ts";
import { temporaryFolder } from "./temporary-folder.ts";

/** A source whose mirror lies in a folder of its own. */
export type TestSource = Source & AsyncDisposable & { readonly dataDir: string };

/** What a test wants otherwise. */
export type TestSourceOptions = Partial<Omit<SourceOptions, "limits">> & {
  readonly limits?: Partial<SourceOptions["limits"]>;
};

/** Opens a source on a location, with a mirror that goes with it. */
export async function openTestSource(location: string, options: TestSourceOptions = {}): Promise<TestSource> {
  const folder = await temporaryFolder();
  try {
    const source = await openSource({
      location,
      branch: null,
      paths: ["apis"],
      mirror: join(folder.path, "mirror.git"),
      credentials: {},
      routeBase: "/api/custom",
      environment: { PATH: process.env["PATH"] },
      log: silentLog(),
      ...options,
      limits: {
        fileSize: 1024 * 1024,
        files: 100_000,
        parseTime: 20_000,
        gitTime: 30_000,
        ...options.limits,
      },
    });
    const dispose = async () => {
      await source.close();
      await folder.remove();
    };
    return { ...source, dataDir: folder.path, [Symbol.asyncDispose]: dispose };
  } catch (error) {
    await folder.remove();
    throw error;
  }
}

/** A definition that replies. */
export function apiText(name: string, route = name): string {
  return `apiVersion: gitway/v1
kind: ApiDefinition
metadata: { name: ${name} }
spec:
  route: ${route}
  keyless: true
  action:
    reply: { status: 200, body: ok }
`;
}

/** A definition that runs a script beside it. */
export function scriptText(name: string, file: string): string {
  return `apiVersion: gitway/v1
kind: ApiDefinition
metadata: { name: ${name} }
spec:
  route: ${name}
  keyless: true
  action:
    script: { file: ${JSON.stringify(file)} }
`;
}
