/** Texts, and the marks that open, part and close objects and lists. What is between them has no structure. */
const tokens = /"(?:[^"\\]|\\.)*"|[{}[\],:]/g;

/**
 * The first field that an object of a JSON text has twice: one of them would be dropped without a word, and another
 * reader of the same text might drop the other. The text must be JSON.
 */
export function repeatedField(json: string): string | null {
  const open: (Set<string> | null)[] = [];
  let text = "";
  for (const [token] of json.matchAll(tokens)) {
    if (token === "{") open.push(new Set());
    else if (token === "[") open.push(null);
    else if (token === "}" || token === "]") open.pop();
    else if (token.startsWith('"')) text = token;
    else if (token === ":") {
      const name = text.includes("\\") ? (JSON.parse(text) as string) : text.slice(1, -1);
      const fields = open.at(-1);
      if (fields?.has(name)) return name;
      fields?.add(name);
    }
  }
  return null;
}
