import type { IncomingMessage } from "node:http";

import { expect, test } from "vitest";

import { addressList } from "../../../../src/address-list.ts";
import { clientAddress } from "../../../../src/endpoint/http/client-address.ts";

const trusted = addressList(["10.0.0.0/8", "::1"]);

test.each([
  ["the peer, when nobody is trusted to say otherwise", "192.0.2.1", "203.0.113.9", "192.0.2.1"],
  ["a peer in IPv6 form as what it is", "::ffff:192.0.2.1", undefined, "192.0.2.1"],
  ["what a trusted proxy says", "10.0.0.1", "203.0.113.9", "203.0.113.9"],
  ["the last that is no trusted proxy", "::1", "198.51.100.1, 203.0.113.9, 10.1.1.1", "203.0.113.9"],
  ["never what comes before that", "10.0.0.1", "1.1.1.1, 203.0.113.9", "203.0.113.9"],
  ["the proxy itself, when it says nothing", "10.0.0.1", undefined, "10.0.0.1"],
  ["the first proxy, when all are trusted", "10.0.0.1", "10.0.0.3, 10.0.0.2", "10.0.0.3"],
  ["nobody, when a trusted proxy says what is no address", "10.0.0.1", "203.0.113.9, unknown", ""],
  ["an IPv6 address", "10.0.0.1", "[2001:db8::1]", "2001:db8::1"],
  ["an address without its port", "10.0.0.1", "203.0.113.9:50123", "203.0.113.9"],
  ["an IPv6 address without its port", "10.0.0.1", "[2001:db8::1]:50123, 10.0.0.2:1", "2001:db8::1"],
  ["nobody, when what is before a port is no address", "10.0.0.1", "unknown:50123", ""],
])("the address of a client is %s", (_what, remoteAddress, forwarded, expected) => {
  const headers = forwarded === undefined ? {} : { "x-forwarded-for": forwarded };
  const request = { socket: { remoteAddress }, headers } as unknown as IncomingMessage;

  expect(clientAddress(request, trusted)).toBe(expected);
});
