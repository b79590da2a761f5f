/**
 * Texts, and the marks that open, part and close objects and lists. What is between them has no structure. A text
 * that does not end reaches to the end of it all: to look for another one in it, again and again, would take minutes.
 */
const tokens = /"(?:[^"\\]|\\[^])*(?:"|\\?$)|[{}[\],:]/g;

/** No request nests its values nearly as deep; to parse what does takes long. */
const deepest = 64;

/**
 * What is wrong with a JSON text although it can be parsed: it is nested too deep, or an object has a field twice, of
 * which one would be dropped without a word, and perhaps the other one by another reader. Null when nothing is.
 */
export function jsonFlaw(json: string): string | null {
  const open: (Set<string> | null)[] = [];
  let text = "";
  for (const [token] of json.matchAll(tokens)) {
    if (token === "{" || token === "[") open.push(token === "{" ? new Set() : null);
    else if (token === "}" || token === "]") open.pop();
    else if (token.startsWith('"')) text = token;
    else if (token === ":") {
      const name = text.includes("\\") ? String(JSON.parse(text)) : text.slice(1, -1);
      const fields = open.at(-1);
      if (fields?.has(name))
        return `the field ${JSON.stringify(name.slice(0, 80))} is there twice in one object`;
      fields?.add(name);
    }
    if (open.length > deepest) return `it is nested more than ${deepest} levels deep`;
  }
  return null;
}
