import { pointerTo } from "../manifest/pointer.ts";
import { type DashboardProblem, readableField } from "./fields.ts";

/** Manifests may be nested 64 levels deep; a definition lies some levels within one. */
const deepest = 48;
const mostValues = 20_000;
/** Keys that JavaScript gives a meaning of its own, and YAML's merge key: no manifest may hold them. */
const reservedKeys = new Set(["__proto__", "constructor", "prototype", "<<"]);

/** The first thing in JSON that no manifest can hold: it is too deep or large, or has an odd key or text. */
export function unstorable(root: unknown): DashboardProblem[] {
  const open: { readonly value: unknown; readonly path: string; readonly depth: number }[] = [
    { value: root, path: "", depth: 0 },
  ];
  for (let at = 0, item = open[at]; item; item = open[++at]) {
    const flaw = depthFlaw(item.depth, open.length) ?? valueFlaw(item.value);
    if (flaw !== null) return [problem(item.path, flaw)];
    if (typeof item.value !== "object" || item.value === null) continue;
    for (const [key, value] of Object.entries(item.value)) {
      const path = pointerTo(item.path, key);
      if (reservedKeys.has(key)) return [problem(path, "the name is reserved: remove the field")];
      const keyFlaw = textFlaw(key);
      if (keyFlaw !== null) return [problem(item.path, keyFlaw)];
      open.push({ value, path, depth: item.depth + 1 });
    }
  }
  return [];
}

function depthFlaw(depth: number, values: number): string | null {
  if (depth > deepest) return `nested more than ${deepest} levels deep: make it flatter`;
  return values > mostValues ? `more than ${mostValues} values: send less at once` : null;
}

function valueFlaw(value: unknown): string | null {
  if (typeof value === "string") return textFlaw(value);
  if (typeof value !== "number") return null;
  const exact = Number.isInteger(value) ? Number.isSafeInteger(value) : Number.isFinite(value);
  return exact ? null : "the number can't be kept exactly: send it as text";
}

function textFlaw(text: string): string | null {
  if (text.includes("\0")) return "holds the character U+0000, which can't be stored: remove it";
  return /\p{Surrogate}/u.test(text) ? "holds half of a character: write the whole one" : null;
}

function problem(path: string, flaw: string): DashboardProblem {
  const field = readableField(path).slice(0, 300);
  return { field, code: "not-storable", message: `${field}: ${flaw}` };
}
