/** Bytes that come in parts, and become one piece. */
export interface GatheredBytes {
  readonly add: (part: Uint8Array) => void;
  /** All of them, in memory that they share with nobody. */
  readonly whole: () => Buffer<ArrayBuffer>;
}

/** Puts bytes together as they come. They may come in a million parts, and each would take more memory than it has bytes. */
export function gatherBytes(): GatheredBytes {
  let bytes = Buffer.allocUnsafeSlow(0);
  let size = 0;
  return {
    add(part) {
      if (size + part.length > bytes.length) {
        const larger = Buffer.allocUnsafeSlow(Math.max(2 * bytes.length, size + part.length));
        bytes.copy(larger, 0, 0, size);
        bytes = larger;
      }
      bytes.set(part, size);
      size += part.length;
    },
    whole: () => bytes.subarray(0, size),
  };
}
