/** Headers as they go over the wire: names and values in turn. */
export type HeaderList = readonly string[];

/** Those headers that are to be kept, by name as it came, and value. */
export function filterHeaders(headers: HeaderList, keep: (name: string, value: string) => boolean): string[] {
  const kept: string[] = [];
  for (let at = 0; at < headers.length; at += 2)
    if (keep(headers[at]!, headers[at + 1]!)) kept.push(headers[at]!, headers[at + 1]!);
  return kept;
}

/** All values of a header, whose name is given in lower case. */
export function valuesOf(headers: HeaderList, name: string): string[] {
  const values: string[] = [];
  for (let at = 0; at < headers.length; at += 2)
    if (headers[at]!.toLowerCase() === name) values.push(headers[at + 1]!);
  return values;
}
