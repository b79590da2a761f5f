const longest = 63;

/** The names that others have. */
export type TakenNames = Pick<ReadonlySet<string>, "has">;

/** The manifest name for a name for people: its letters and digits, in lower case, none of `taken`. */
export function slugOf(title: string, taken: TakenNames, fallback: string): string {
  const letters = title
    .slice(0, 500)
    .normalize("NFKD")
    .replaceAll(/\p{M}/gu, "")
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, "-");
  const slug = trimmed(letters.slice(0, longest)) || fallback;
  for (let count = 1; ; count++) {
    const suffix = count === 1 ? "" : `-${count}`;
    const name = trimmed(slug.slice(0, longest - suffix.length)) + suffix;
    if (!taken.has(name)) return name;
  }
}

function trimmed(text: string): string {
  return text.replaceAll(/^-+|-+$/g, "");
}
