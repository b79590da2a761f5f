import { hash, randomBytes, timingSafeEqual } from "node:crypto";
import { inspect } from "node:util";

/**
 * A secret as a type of its own, so that it can't slip into a log, an error or JSON (law 6): every
 * way of printing it gives `[secret]`, and only `reveal` gives the value.
 */
export class Secret {
  readonly #value: string;

  constructor(value: string) {
    this.#value = value;
  }

  /** The value. Call it only where the secret is used or shown on purpose. */
  reveal(): string {
    return this.#value;
  }

  /** SHA-256 of the value: the form in which secrets are stored and compared. */
  hash(): Buffer {
    return hash("sha256", this.#value, "buffer");
  }

  /** The same in hex. */
  hexHash(): string {
    return hash("sha256", this.#value, "hex");
  }

  /** Compares in constant time. */
  equals(other: Secret): boolean {
    return timingSafeEqual(this.hash(), other.hash());
  }

  toString(): string {
    return "[secret]";
  }

  toJSON(): string {
    return "[secret]";
  }

  [inspect.custom](): string {
    return "[secret]";
  }
}

/** Whether a text can be the secret of a token (UD-APIs 1.4). */
export function isTokenSecret(text: string): boolean {
  return /^[A-Za-z0-9_\-.=+/]{32,}$/.test(text);
}

/** A new secret of 256 random bits (UD-APIs 1.4). */
export function newSecret(): Secret {
  return new Secret(randomBytes(32).toString("base64url"));
}
