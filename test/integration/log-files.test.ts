import { mkdir, readdir, readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";

import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";

import { type Logs, type LogsOptions, openLogs } from "../../src/log.ts";
import { temporaryFolder, type TemporaryFolder } from "../support/temporary-folder.ts";

let folder: TemporaryFolder;
let file: string;
const opened: Logs[] = [];
const told: string[] = [];

beforeEach(async () => {
  folder = await temporaryFolder();
  file = join(folder.path, "logs", "gitway.log");
  vi.spyOn(process.stderr, "write").mockImplementation((text, ...rest: unknown[]) => {
    told.push(String(text));
    const done = rest.at(-1);
    if (typeof done === "function") done();
    return true;
  });
});

afterEach(async () => {
  for (const logs of opened.splice(0)) await logs.close();
  vi.restoreAllMocks();
  vi.useRealTimers();
  told.splice(0);
  await folder.remove();
});

describe("a log file", () => {
  test("takes the log and the lines about requests, and only its owner and group may read it", async () => {
    const logs = await open({ file });

    logs.log.info({ revision: 3 }, "Serving a revision.");
    logs.access?.("a request\n");
    await logs.close();

    expect(await readFile(file, "utf8")).toMatch(
      /^\{.*"revision":3,"msg":"Serving a revision\."\}\na request\n$/,
    );
    expect((await stat(file)).mode & 0o777).toBe(0o640);
    expect(told).toEqual([]);
  });

  test("can be two", async () => {
    const accessFile = join(folder.path, "access.log");
    const logs = await open({ file, accessFile });

    logs.log.info("something");
    logs.access?.("a request\n");
    await logs.close();

    expect(await readFile(accessFile, "utf8")).toBe("a request\n");
    expect(await readFile(file, "utf8")).not.toContain("request");
  });

  test("is added to, and waits half a second at most", async () => {
    await mkdir(join(folder.path, "logs"));
    await writeFile(file, "before\n");
    const logs = await open({ file });

    logs.access?.("after\n");

    await vi.waitFor(async () => expect(await readFile(file, "utf8")).toBe("before\nafter\n"), 5000);
  });

  test("begins anew when it is full, and the oldest goes", async () => {
    const logs = await open({ file, fileSize: 1000, files: 3 });
    const lines = Array.from({ length: 100 }, (_, number) => `${"line".padEnd(45, ".")}${number}\n`);

    for (const line of lines) {
      logs.access?.(line);
      // Each alone: lines that are written together stay together.
      logs.log.info("x");
      await vi.waitFor(async () => expect(await everything()).toContain(line), { interval: 1 });
    }

    const names = (await readdir(join(folder.path, "logs"))).toSorted();
    const sizes = await Promise.all(
      names.map(async (name) => (await stat(join(folder.path, "logs", name))).size),
    );
    expect(names).toEqual(["gitway.log", "gitway.log.1", "gitway.log.2"]);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(1000);
    const kept = (await everything()).split("\n").filter((line) => line.startsWith("line"));
    expect(kept).toEqual(lines.slice(-kept.length).map((line) => line.trimEnd()));
    expect(kept.length).toBeGreaterThan(15);
  });

  test("loses no line of many", async () => {
    const logs = await open({ file, fileSize: 100_000, files: 1000 });
    const lines = Array.from({ length: 20_000 }, (_, number) => `line ${number}\n`);

    for (const [number, line] of lines.entries()) {
      logs.access?.(line);
      if (number % 1000 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    await logs.close();

    expect(await everything()).toBe(lines.join(""));
  });

  test.each([
    ["a link", async () => symlink("/etc/passwd", file)],
    ["a socket", async () => void createServer().unref().listen(file)],
    ["a folder", async () => mkdir(file)],
  ])("is not %s", async (_what, make) => {
    await mkdir(join(folder.path, "logs"));
    await make();

    await expect(open({ file })).rejects.toMatchObject({ code: "config-invalid" });
  });

  test("that can't be written any more costs no line, and is tried again", async () => {
    vi.useFakeTimers({ toFake: ["performance"] });
    const logs = await open({ file, fileSize: 10, files: 2 });
    logs.log.info("first");
    await vi.waitFor(async () => expect(await readFile(file, "utf8")).toContain("first"));
    await mkdir(join(`${file}.1`, "in the way"), { recursive: true });

    logs.log.info("second");
    await vi.waitFor(() => expect(told.join("")).toContain("second"));
    logs.log.info("third");
    await vi.waitFor(() => expect(told.join("")).toContain("third"));
    await rm(`${file}.1`, { recursive: true });
    vi.advanceTimersByTime(6000);
    logs.log.info("fourth");

    await vi.waitFor(async () => expect(await readFile(file, "utf8")).toContain("fourth"));
    expect(told.join("").match(/can't be written/g)).toHaveLength(1);
    expect(await readFile(`${file}.1`, "utf8")).toContain("first");
  });
});

test("a text with line feeds, from a script say, does not pass for lines of the log", async () => {
  const logs = await open({ format: "text" });

  logs.log.info({ line: "first\n10:00:00 info Nothing happened.\u001b[1A" }, "A script printed a line.");
  await logs.close();

  expect(told.join("")).toMatch(
    /^\S+ info A script printed a line\. {2}line=first\\n10:00:00 info Nothing happened\.\\x1b\[1A\n$/,
  );
});

test("without a file the lines about requests go to standard error", async () => {
  const logs = await open({ file: null });

  logs.access?.("a request\n");
  await logs.close();

  expect(told.join("")).toBe("a request\n");
});

test("switched off, there are none", async () => {
  expect((await open({ access: false })).access).toBeNull();
});

async function open(options: Partial<LogsOptions>): Promise<Logs> {
  const defaults = { level: "info", format: "json", access: true, accessFile: null } as const;
  const logs = await openLogs({ ...defaults, file: null, fileSize: 1_000_000, files: 3, ...options });
  opened.push(logs);
  return logs;
}

/** The content of all files of the log, the oldest first. */
async function everything(): Promise<string> {
  const names = await readdir(join(folder.path, "logs"));
  const number = (name: string) => Number(/\d+$/.exec(name)?.[0] ?? 0);
  const sorted = names.toSorted((a, b) => number(b) - number(a));
  const texts = await Promise.all(
    sorted.map((name) => readFile(join(folder.path, "logs", name), "utf8").catch(() => "")),
  );
  return texts.join("");
}
