import { describe, expect, test } from "vitest";

import { timed } from "../../support/processor-time.ts";
import { definition, problemsOf, read, reply } from "./reading.ts";

const mebibyte = 1024 * 1024;
/** Law 8 asks for a second. Slow machines get more, in time of the processor, whatever else they do. */
const patience = 5000;

function repeated(text: string, head = "", size = mebibyte): string {
  return (head + text.repeat(Math.ceil(size / text.length))).slice(0, size);
}

function many(count: number, make: (index: number) => string, separator = ""): string {
  return Array.from({ length: count }, (_, index) => make(index)).join(separator);
}

const bomb = `a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n${many(9, (n) => `a${n + 1}: &a${n + 1} [${many(10, () => `*a${n}`, ",")}]\n`)}`;

const texts: Record<string, string> = {
  "an alias bomb": bomb,
  "an alias bomb in a spec": reply(`route: x\ndashboard:\n${bomb.replaceAll(/^/gm, "  ")}`),
  "an alias for what contains it": reply("route: x\ndashboard: &a { b: [*a] }"),
  "an alias without anchor": reply("route: x\ndashboard: *a"),
  "20,000 nested flow lists": "[".repeat(20_000),
  "20,000 nested flow lists that are closed": "[".repeat(20_000) + "]".repeat(20_000),
  "20,000 nested lists": "- ".repeat(20_000),
  "20,000 nested lists, then a shallow one": `${"- ".repeat(20_000)}x\n- y`,
  "20,000 nested flow mappings": "{a: ".repeat(20_000),
  "300 levels by indentation": many(300, (n) => `${" ".repeat(n)}a:\n`),
  "aliases that add up to depth": `a0: &a0 ${"[".repeat(60)}${"]".repeat(60)}\n${many(90, (n) => `a${n + 1}: &a${n + 1} ${"[".repeat(60)}*a${n}${"]".repeat(60)}\n`)}`,
  "a long plain scalar": reply(`route: x\ndescription: ${"x".repeat(mebibyte)}`),
  "a long route": reply(`route: "${repeated("{a}/")}b"`),
  "a long route of many names": reply(`route: "${many(100_000, (n) => `{p${n}}`, "/")}"`),
  "a long listen path of many names": reply(`listenPath: "/${many(100_000, (n) => `{p${n}}`, "/")}"`),
  "a long URL that ends badly": definition(
    `route: x\naction: { proxy: { targetUrl: "http://${"a".repeat(mebibyte)} " } }`,
  ),
  "a long file reference": definition(`route: x\naction: { script: { file: "${repeated("../")}" } }`),
  "a long moment": reply(`route: x\nexpires: "${"2".repeat(mebibyte)}"`),
  "a long domain": reply(`route: x\ndomain: ${repeated("a-")}`),
  "a long key": reply(`route: x\n${"k".repeat(mebibyte)}: 1`),
  "many empty keys": repeated("a: \n"),
  "many unknown fields": reply(`route: x\n${many(40_000, (n) => `unknown${n}: 1`, "\n")}`),
  "many duplicate fields": reply(`route: x\n${many(40_000, () => "route: x", "\n")}`),
  "many tokens": reply(`route: x\ntokens: [${many(45_000, (n) => `{ t: ${n} }`, ",")}]`),
  "many bad addresses": reply(`route: x\nipAllowList: { addresses: [${many(90_000, () => "b/", ",")}] }`),
  "open flow lists": repeated("["),
  "open flow mappings": repeated("{"),
  "open lists": repeated("- "),
  "open keys": repeated("? "),
  tags: repeated("!!x "),
  "anchors and aliases": repeated("&a *a "),
  anchors: repeated("&a "),
  "an open double quote": `"${repeated("x")}`,
  "an open single quote": `'${repeated("x\n")}`,
  "an open quote on each line": repeated('a: "\n'),
  "closing brackets": repeated("]"),
  "line ends": `${repeated("\n")}x`,
  "comments after a block scalar and blank lines": `a: |\n    x\n${"\n".repeat(mebibyte / 2)}${"  #\n".repeat(mebibyte / 8)}`,
  "tabs in a block scalar": repeated("\t\n", "a: |\n x\n"),
  "empty documents": `${repeated("---\n")}x`,
  directives: repeated("%YAML 1.1\n"),
  "a NUL": reply("route: x").replace("x", "\0"),
  "the lexer's own marks": "\u0002\u0018\u001f",
  "__proto__ as the document": "__proto__: { kind: User }",
};

describe("a hostile file", () => {
  test.each(Object.entries(texts))("of %s ends in a located error, soon", (_, text) => {
    const { result, took } = timed(() => read(text));

    const problems = result.documents.flatMap(problemsOf).filter(({ severity }) => severity === "error");
    expect(problems.length).toBeGreaterThan(0);
    expect(problems.length).toBeLessThanOrEqual(101);
    for (const { file, line, column, message } of problems) {
      expect({ file, located: line > 0 && column > 0 }).toEqual({ file: "apis/a.yaml", located: true });
      expect(message.length).toBeLessThan(1000);
    }
    expect(took).toBeLessThan(patience);
  });

  test("is refused when it is longer than anybody needs", () => {
    const { documents } = read("x".repeat(9 * mebibyte));

    expect(documents.flatMap(problemsOf)).toMatchObject([{ code: "yaml-limit", line: 1, column: 1 }]);
  });

  test("of path lists that take long to compare is read all the same", () => {
    const rules = many(1000, (n) => `{ path: ${"a/".repeat(480)}${n} }`, ",");

    const { result, took } = timed(() => read(reply(`route: x\npaths: { allowed: [${rules}] }`)));

    expect(result.documents.map(({ status }) => status)).toEqual(["good"]);
    expect(took).toBeLessThan(patience);
  });

  test("has as many headers as anybody needs", () => {
    const headers = (count: number) =>
      `route: x\naction: { reply: { headers: { ${many(count, (n) => `x-${n}: y`, ", ")} } } }`;

    expect(read(definition(headers(100))).documents).toMatchObject([{ status: "good" }]);
    const { documents } = read(definition(headers(101)));
    expect(documents.flatMap(problemsOf)).toMatchObject([
      { code: "out-of-range", message: "'spec.action.reply.headers' must have at most 100 entries." },
    ]);
  });

  test("can't hide an error behind many warnings", () => {
    const addresses = many(500, (n) => `10.0.${n % 256}.1/8`, ",");

    const { documents } = read(reply(`route: x\nipAllowList: { addresses: [${addresses}] }\nexpires: never`));

    expect(documents).toMatchObject([{ status: "broken" }]);
    expect(documents.flatMap(problemsOf)).toContainEqual(
      expect.objectContaining({ code: "invalid-timestamp" }),
    );
  });
});

test("an honest file of a thousand manifests is read", () => {
  const one = (index: number) =>
    definition(
      `route: encoders/r${index}/{id}\ndescription: Status of one encoder.\ntokens: [a, b]\nrateLimit: { limit: 60, window: 1m }\naction: { proxy: { targetUrl: https://a.example/v1 } }`,
      `n${index}`,
    );

  const { documents } = read(many(1000, one, "---\n"));

  expect(documents).toHaveLength(1000);
  expect(documents.every(({ status }) => status === "good")).toBe(true);
});
