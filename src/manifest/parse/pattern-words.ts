/**
 * What the regular expressions of the schemas ask for, in words, to complete "must be …". A test makes
 * sure that none is missing.
 */
export const patternWords: Readonly<Record<string, string>> = {
  "\\S": "more than white space",
  "^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$":
    "made of lower-case letters, digits and hyphens, with a letter or digit at both ends, and at most 63 characters long",
  "^[1-9][0-9]{0,8}(ms|s|m|h|d)$": "a whole number and a unit: ms, s, m, h or d",
  "^(0|[1-9][0-9]{0,8})(ms|s|m|h|d)$": "a whole number and a unit: ms, s, m, h or d",
  "^[1-9][0-9]{0,8}(B|KiB|MiB)$": "a whole number and a unit: B, KiB or MiB",
  "^https?://[^\\s/?#][^\\s]*$": "an absolute http or https URL",
  "^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$": "a UUID in lower case",
  "^[a-z0-9A-Z]([a-z0-9A-Z._/-]{0,126}[a-z0-9A-Z])?$":
    "made of letters, digits and . _ / -, with a letter or digit at both ends, and at most 128 characters long",
  "^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,128}$": "a token as in HTTP: letters, digits and hyphens, without spaces",
  "^[\\t\\x20-\\x7e\\x80-\\xff]*$": "one line of Latin characters, as HTTP headers are",
  "^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\\.)*[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$":
    "a host name in lower case, without scheme, port or path",
  "^[A-Za-z_$][A-Za-z0-9_$]{0,127}$": "the name of a JavaScript function",
  "^[A-Za-z_][A-Za-z0-9_]{0,127}$":
    "the name of an environment variable: letters, digits and underscores, and no digit first",
  "^[0-9a-f]{64}$": "64 hexadecimal digits in lower case",
  "^[^\\s@<>]{1,64}@[^\\s@<>]{1,255}$": "an e-mail address alone, without a name",
};
