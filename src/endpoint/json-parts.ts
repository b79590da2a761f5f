const [quote, backslash, comma, bracket, brace] = [0x22, 0x5c, 0x2c, 0x5b, 0x7b];

/**
 * Whether a JSON text has so many members and items at most. To be asked before it is parsed: millions of
 * names cost the parser, which stops everything else, seconds; to count them takes milliseconds.
 */
export function hasFewParts(json: string, most: number): boolean {
  let parts = 0;
  let isQuoted = false;
  for (let index = 0; index < json.length; index++) {
    const code = json.charCodeAt(index);
    if (code === quote) isQuoted = !isQuoted;
    else if (isQuoted) index += code === backslash ? 1 : 0;
    else if ((code === comma || code === bracket || code === brace) && ++parts > most) return false;
  }
  return true;
}
