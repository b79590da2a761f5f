import { describe, expect, test } from "vitest";

import { ago, counted, table, wholeSeconds } from "../../../../src/cli/output/output.ts";
import { printable, printableJson } from "../../../../src/printable.ts";

describe("text from outside", () => {
  test("loses what steers a terminal, and shows that it was there", () => {
    expect(printable("a\u001b[31mred\u001b]0;title\u0007\r\u009b2J\u202egnp.exe")).toBe(
      "a\\x1b[31mred\\x1b]0;title\\x07\\x0d\\x9b2J\\u202egnp.exe",
    );
  });

  test("keeps letters of all languages, tabs and line breaks", () => {
    expect(printable("Zoë\t山田\n🙂")).toBe("Zoë\t山田\n🙂");
  });

  test("stays the same value in JSON", () => {
    const value = { name: "\u009b2J\u202e\u061c\u2028\u007f\u0000" };

    const json = printableJson(JSON.stringify(value));

    expect(JSON.parse(json)).toEqual(value);
    expect(json).toMatch(/^[ -~]*$/);
  });
});

describe("tables", () => {
  test("align their columns, and a cell can't break out of its line", () => {
    const lines = table(
      ["name", "place"],
      [
        ["a", "x:1"],
        ["long\nname", "y:2"],
      ],
    );

    expect(lines).toEqual(["NAME        PLACE", "a           x:1", "long\\nname  y:2"]);
  });

  test("without rows are their headings", () => {
    expect(table(["a", "b"], [])).toEqual(["A  B"]);
  });
});

describe("words", () => {
  test("tell times and counts as people do", () => {
    const now = Date.parse("2026-11-22T10:00:00Z");

    expect(ago("2026-11-22T09:59:57.400Z", now)).toBe("3s ago");
    expect(ago("2026-11-22T09:30:00Z", now)).toBe("30m ago");
    expect(ago("2026-11-22T05:00:00Z", now)).toBe("5h ago");
    expect(ago("2026-11-01T10:00:00Z", now)).toBe("21d ago");
    expect(ago("2026-11-22T10:00:09Z", now)).toBe("0s ago");
    expect([counted(1, "error"), counted(0, "error")]).toEqual(["1 error", "0 errors"]);
    expect(wholeSeconds("2026-11-22T10:00:00.123Z")).toBe("2026-11-22T10:00:00Z");
  });
});
