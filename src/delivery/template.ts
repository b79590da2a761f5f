/** How a value is written where a template names it. */
export type Escape = (value: unknown) => string;

const marker = /\{\{([^{}]{0,256})\}\}/g;

/**
 * Fills in what a template names between double braces. Nothing else has a meaning there: no conditions,
 * no loops, no functions. Null when the result would have more than `limit` characters.
 */
export function fillTemplate(
  template: string,
  valueOf: (name: string) => unknown,
  escape: Escape,
  limit: number,
): string | null {
  const parts: string[] = [];
  let size = 0;
  let end = 0;
  for (const match of template.matchAll(marker)) {
    const name = (match[1] ?? "").replace(/^-|-$/g, "").trim();
    const text = template.slice(end, match.index) + escape(valueOf(name));
    size += text.length;
    if (size > limit) return null;
    parts.push(text);
    end = match.index + match[0].length;
  }
  const rest = template.slice(end);
  return size + rest.length > limit ? null : parts.join("") + rest;
}

/** The way to write values into a body of this content type, so that none can end what it stands in. */
export function escapeFor(contentType: string): Escape {
  const escape = escapes.find(([word]) => contentType.toLowerCase().includes(word))?.[1];
  return (value) => (escape ?? asText)(value);
}

const escapes: readonly (readonly [word: string, escape: Escape])[] = [
  // Without the quotes, which the template writes; objects and lists as JSON of their own.
  ["json", (value) => (typeof value === "string" ? JSON.stringify(value).slice(1, -1) : asText(value))],
  ["xml", asMarkup],
  ["html", asMarkup],
  [
    "x-www-form-urlencoded",
    (value) => encodeURIComponent(asText(value).replaceAll(/\p{Surrogate}/gu, "\uFFFD")),
  ],
];

function asText(value: unknown): string {
  if (value === undefined || value === null) return "";
  return typeof value === "string" ? value : JSON.stringify(value);
}

const entities: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

function asMarkup(value: unknown): string {
  return asText(value).replace(/[&<>"']/g, (character) => entities[character] ?? "");
}
