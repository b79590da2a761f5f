/**
 * Runs in the sandbox before the script and takes hold of what it needs, so that a script which changes
 * the built-ins harms only itself. Gives `{decode, answer, middleware, explain}`:
 * `decode(json, rawBody)` are the script's arguments; `answer(output)` is `[head, body]`, where the body is a
 * string or an ArrayBuffer; `middleware(output)` is that or `[edits]`. Both give null for any other output.
 * `explain(thrown)` is `[what it says, its stack]`, short enough to be handed out.
 */
export const sandboxPrelude = `(print) => {
  "use strict";
  const { parse, stringify } = JSON;
  const { apply, defineProperty } = Reflect;
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
  const answer = (output) => {
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
  const middleware = (output) => {
    if (output === undefined || output === null) return ["{}"];
    if (typeof output !== "object") return null;
    const { reply } = output;
    return reply === undefined || reply === null ? [stringify(output)] : answer(reply);
  };
  const decode = (json, rawBody) => {
    const values = parse(json);
    if (typeof rawBody === "string") {
      const property = { __proto__: null, value: rawBody, writable: true, enumerable: true, configurable: true };
      defineProperty(values[0], "rawBody", property);
    }
    return values;
  };

  const asText = (value) => {
    if (typeof value === "string") return value;
    try { return stringify(value) ?? Text(value); } catch { return "?"; }
  };
  const cut = (text, length) => (typeof text === "string" ? apply(slice, text, [0, length]) : "");
  const explain = (thrown) => {
    if (thrown === null || typeof thrown !== "object") return [cut(asText(thrown), 500), ""];
    const { name, message, stack } = thrown;
    const said = typeof message === "string" ? cut(asText(name), 100) + ": " + cut(message, 400) : asText(thrown);
    return [cut(said, 500), cut(stack, 4000)];
  };
  let lines = 0;
  const log = (...values) => {
    if (lines++ >= 100) return;
    let line = "";
    for (let i = 0; i < values.length && line.length < 1000; i++) line += (i ? " " : "") + asText(values[i]);
    print(cut(line, 1000));
  };
  globalThis.console = { log, info: log, warn: log, error: log, debug: log };
  return { decode, answer, middleware, explain };
}`;
