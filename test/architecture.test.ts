import { readdirSync, readFileSync } from "node:fs";
import { join, relative, resolve, dirname } from "node:path";

import { describe, expect, test } from "vitest";

const root = resolve(import.meta.dirname, "../src");

/** Which rooms each room may import, besides itself and the leaves. */
const rooms: Record<string, readonly string[]> = {
  manifest: [],
  exchange: ["manifest"],
  plan: ["manifest"],
  source: ["manifest", "plan"],
  store: ["manifest", "plan"],
  reconcile: ["manifest", "plan", "source", "store"],
  endpoint: ["manifest", "store"],
  delivery: ["store"],
  dashboard: ["manifest", "plan", "exchange", "store", "reconcile"],
  console: ["manifest", "plan", "store"],
  cli: [
    "manifest",
    "exchange",
    "plan",
    "source",
    "store",
    "reconcile",
    "endpoint",
    "delivery",
    "dashboard",
    "console",
  ],
};

/** What a user's scripts are written against: the only types that no room makes. */
const contract = resolve(root, "../schemas/script.d.ts");

/** Modules that only some rooms may import. */
const keptIn: Record<string, readonly string[]> = {
  pg: ["store"],
  "simple-git": ["source"],
  chokidar: ["source"],
  undici: ["endpoint", "delivery"],
  "quickjs-emscripten": ["endpoint"],
  hono: ["dashboard", "console"],
  "@hono/node-server": ["dashboard"],
  commander: ["cli"],
};

const pureRooms = new Set(["manifest", "exchange", "plan"]);
const pureBuiltins = ["node:crypto", "node:path/posix", "node:net"];

const files = readdirSync(root, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile() && /\.tsx?$/.test(entry.name))
  .map((entry) => relative(root, join(entry.parentPath, entry.name)));

describe("architecture", () => {
  test.each(files)("%s imports only what its room may", (file) => {
    const room = roomOf(file);
    for (const specifier of importsOf(file)) {
      if (resolve(root, dirname(file), specifier) === contract) continue;
      if (specifier.startsWith("."))
        expectRoom(room, roomOf(relative(root, resolve(root, dirname(file), specifier))));
      else expectModule(room, specifier);
    }
  });

  test.each(files.filter((file) => !file.includes(".generated.")))("%s has at most 300 lines", (file) => {
    expect(textOf(file).split("\n").length).toBeLessThanOrEqual(301);
  });

  test.each(files.filter((file) => file !== "config.ts"))(
    "%s leaves the environment to config.ts",
    (file) => {
      expect(textOf(file)).not.toMatch(/process\.env\b/);
    },
  );

  test.each(files.filter((file) => roomOf(file) !== "store"))("%s holds no SQL", (file) => {
    expect(textOf(file)).not.toMatch(
      /["'`]\s*(select\s|insert\s+into\s|delete\s+from\s|update\s+\w+\s+set\s)/i,
    );
  });
});

describe("folders of a room", () => {
  test.each(Object.keys(rooms))("%s: arrows between its folders point one way", (room) => {
    expect(circleIn(folderArrows(room))).toBeNull();
  });
});

/** Which folders of a room each of its folders imports; the room's own files may look into all of them. */
function folderArrows(room: string): ReadonlyMap<string, ReadonlySet<string>> {
  const arrows = new Map<string, Set<string>>();
  for (const file of files.filter((name) => roomOf(name) === room && dirname(name) !== room))
    for (const specifier of importsOf(file).filter((name) => name.startsWith("."))) {
      const to = dirname(relative(root, resolve(root, dirname(file), specifier)));
      if (!to.startsWith(`${room}/`) || to === dirname(file)) continue;
      arrows.set(dirname(file), (arrows.get(dirname(file)) ?? new Set()).add(to));
    }
  return arrows;
}

/** Folders that import each other, or null: what imports nothing that is left is taken away until nothing can be. */
function circleIn(arrows: ReadonlyMap<string, ReadonlySet<string>>): string[] | null {
  const left = new Map(arrows);
  const free = () => [...left].find(([, targets]) => ![...targets].some((target) => left.has(target)));
  for (let next = free(); next; next = free()) left.delete(next[0]);
  return left.size === 0 ? null : [...left.keys()];
}

function expectRoom(from: string | null, to: string | null): void {
  if (to === null || from === to) return;
  expect(from === null ? [] : rooms[from]).toContain(to);
}

function expectModule(room: string | null, specifier: string): void {
  const name = specifier.startsWith("@")
    ? specifier.split("/").slice(0, 2).join("/")
    : specifier.split("/")[0]!;
  if (keptIn[name]) expect(keptIn[name]).toContain(room);
  if (room !== null && pureRooms.has(room) && specifier.startsWith("node:"))
    expect(pureBuiltins).toContain(specifier);
}

/** The first folder, or null for a leaf beside the rooms. */
function roomOf(file: string): string | null {
  const [first, ...rest] = file.split("/");
  return rest.length === 0 ? null : first!;
}

function importsOf(file: string): string[] {
  return [...textOf(file).matchAll(/(?:^|\n)(?:import|export)\b[^;]*?from\s+"([^"]+)"/g)].map(
    (match) => match[1]!,
  );
}

function textOf(file: string): string {
  return readFileSync(join(root, file), "utf8");
}
