/**
 * C0 and C1 control characters except tab and line feed, those that change the direction of text, and the
 * separators of lines and paragraphs.
 */
// oxlint-disable-next-line no-control-regex -- they are what is made visible
const unprintable = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;

/**
 * Text from outside as a terminal may see it: without the characters that move the cursor, colour, hide or
 * reverse what people read. Each becomes `\x1b`, say, as people write it.
 */
export function printable(text: string): string {
  return text.replace(unprintable, (character) => {
    const code = character.charCodeAt(0);
    return code < 256 ? `\\x${hex(code, 2)}` : `\\u${hex(code, 4)}`;
  });
}

/** The same on one line: a file name with a line feed in it must not pass for a line of its own. */
export function printableLine(text: string): string {
  return printable(text.replaceAll("\n", "\\n"));
}

/** The same for JSON text, where the characters can be escaped without a loss. */
export function printableJson(json: string): string {
  return json.replace(unprintable, (character) => `\\u${hex(character.charCodeAt(0), 4)}`);
}

function hex(code: number, digits: number): string {
  return code.toString(16).padStart(digits, "0");
}
