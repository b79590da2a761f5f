/**
 * Runs in the sandbox before the script and takes hold of what it needs, so that a script which changes
 * the built-ins harms only itself. Gives `[decode, encode]`:
 * `decode(json, rawBody)` is the script's argument; `encode(output)` is `[head, body]`, or null for an
 * output that is no answer. The body is a string or an ArrayBuffer.
 */
export const sandboxPrelude = `(print) => {
  "use strict";
  const { parse, stringify } = JSON;
  const { apply } = Reflect;
  const { isArray } = Array;
  const { isInteger } = Number;
  const Bytes = Uint8Array;
  const Text = String;
  const slice = Text.prototype.slice;
  const bufferOf = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(Bytes.prototype), "buffer").get;

  const toBytes = (bytes) => {
    if (bytes instanceof Bytes) return new Bytes(bytes);
    if (!isArray(bytes)) return null;
    const copy = new Bytes(bytes.length);
    for (let i = 0; i < copy.length; i++) {
      if (!isInteger(bytes[i]) || bytes[i] < 0 || bytes[i] > 255) return null;
      copy[i] = bytes[i];
    }
    return copy;
  };
  const encode = (output) => {
    if (output === null || typeof output !== "object") return null;
    const { status, headers, body, bytes } = output;
    const head = stringify({ status, headers });
    if (bytes !== undefined && bytes !== null) {
      const copy = toBytes(bytes);
      return copy && [head, apply(bufferOf, copy, [])];
    }
    if (body === undefined || body === null) return [head, ""];
    const text = typeof body === "string" ? body : stringify(body);
    return typeof text === "string" ? [head, text] : null;
  };
  const decode = (json, rawBody) => {
    const input = parse(json);
    if (typeof rawBody === "string") input.rawBody = rawBody;
    return input;
  };

  const asText = (value) => {
    if (typeof value === "string") return value;
    try { return stringify(value) ?? Text(value); } catch { return "?"; }
  };
  let lines = 0;
  const log = (...values) => {
    if (lines++ >= 100) return;
    let line = "";
    for (let i = 0; i < values.length && line.length < 1000; i++) line += (i ? " " : "") + asText(values[i]);
    print(apply(slice, line, [0, 1000]));
  };
  globalThis.console = { log, info: log, warn: log, error: log, debug: log };
  return [decode, encode];
}`;
