import { validateHeaderName, validateHeaderValue } from "node:http";

/** Whether a header can be sent as it is (RFC 9110 5). */
export function isSendable([name, value]: readonly [name: string, value: string]): boolean {
  try {
    validateHeaderName(name);
    validateHeaderValue(name, value);
    return true;
  } catch {
    return false;
  }
}
