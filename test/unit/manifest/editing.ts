import type { EditResult } from "../../../src/manifest/edit/check.ts";
import { deleteObject, setObject } from "../../../src/manifest/edit/edit-manifest.ts";
import type { Draft } from "../../../src/manifest/parsed-file.ts";
import { read, routeBase } from "./reading.ts";

export const path = "apis/a.yaml";
export const options = { routeBase, fileSize: 1024 * 1024 };

/** The good objects of a text. */
export function draftsOf(text: string): Draft[] {
  return read(text, path).documents.flatMap((document) => (document.status === "good" ? [document] : []));
}

export function draftOf(text: string, name: string): Draft {
  const draft = draftsOf(text).find((candidate) => candidate.name === name);
  if (!draft) throw new Error(`no good object ${name}: ${JSON.stringify(read(text, path), null, 1)}`);
  return draft;
}

type Spec = Record<string, unknown>;

/** Sets fields of an object's normalised spec; undefined takes one away. */
export function setSpec(text: string, name: string, fields: Spec): EditResult {
  const draft = draftOf(text, name);
  return setObject({ path, text }, draft, { ...draft, spec: { ...draft.spec, ...fields } }, options);
}

/** The text after an edit that has to succeed. */
export function textOf(result: EditResult): string | null {
  if (result.status !== "edited") throw new Error(JSON.stringify(result, null, 1));
  return result.text;
}

export function edited(text: string, name: string, fields: Spec): string | null {
  return textOf(setSpec(text, name, fields));
}

export function deleted(text: string, name: string): string | null {
  return textOf(deleteObject({ path, text }, draftOf(text, name), options));
}

/** The lines that differ, as `-` and `+`. */
export function difference(before: string, after: string | null): string[] {
  const [a, b] = [before, after ?? ""].map((text) => text.split("\n"));
  return [
    ...lost(a ?? [], b ?? []).map((line) => `-${line}`),
    ...lost(b ?? [], a ?? []).map((line) => `+${line}`),
  ];
}

function lost(from: readonly string[], to: readonly string[]): string[] {
  const left = [...to];
  return from.filter((line) => {
    const at = left.indexOf(line);
    if (at !== -1) left.splice(at, 1);
    return at === -1;
  });
}
