import { describe, expect, test } from "vitest";

import { deniedAddresses } from "../../src/denied-address.ts";

describe("an address for a proxy or webhook", () => {
  test.each([
    "169.254.169.254",
    "169.254.0.1",
    "0.0.0.0",
    "0.1.2.3",
    "100.100.100.200",
    "168.63.129.16",
    "192.0.0.192",
    "fe80::1",
    "FE80:0::1",
    "fe80::1%eth0",
    "febf::1",
    "::",
    "fd00:ec2::254",
    "fd00:ec2:0:0::23",
    "fd00:42::42",
    "fd20:ce::254",
  ])("is denied: %s", (address) => {
    expect(deniedAddresses()(address)).toBe(true);
  });

  test.each([
    ["mapped", "::ffff:169.254.169.254"],
    ["mapped, in hexadecimal", "::ffff:a9fe:a9fe"],
    ["mapped, written out", "0:0:0:0:0:FFFF:6464:64C8"],
    ["mapped and unspecified", "::ffff:0.0.0.0"],
    ["translated", "::ffff:0:169.254.169.254"],
    ["compatible", "::169.254.169.254"],
    ["behind NAT64", "64:ff9b::a9fe:a9fe"],
    ["behind a local NAT64 of 96 bits", "64:ff9b:1:fffe::a83f:8110"],
    ["behind a local NAT64 of 64 bits", "64:ff9b:1:7:a9:fea9:fe00:0"],
    ["behind a local NAT64 of 56 bits", "64:ff9b:1:7a9:fe:a9fe::"],
    ["behind a local NAT64 of 48 bits", "64:ff9b:1:a9fe:a9:fe00::"],
    ["by 6to4", "2002:a9fe:a9fe::1"],
    ["by 6to4, of another cloud", "2002:c000:c0::"],
    ["by a Teredo server", "2001:0:a9fe:a9fe::"],
    ["by a Teredo client", "2001:0:102:304:0:0:5601:5601"],
    ["by ISATAP", "2001:db8::5efe:169.254.169.254"],
    ["by ISATAP with a global address", "2001:db8::200:5efe:a9fe:a9fe"],
  ])("is denied for the one that it leads to: %s", (_what, address) => {
    expect(deniedAddresses()(address)).toBe(true);
  });

  test.each([
    "127.0.0.1",
    "10.0.0.1",
    "192.168.1.1",
    "168.63.129.17",
    "::1",
    "::2",
    "::ffff:10.0.0.1",
    "::ffff:0:10.0.0.1",
    "64:ff9b::a00:1",
    "64:ff9b:1::a00:1",
    "64:ff9b:1:a00:0:100::",
    "2002:a00:1::1",
    "2001:db8::1",
    "2001:0:102:304::f5ff:fffe",
    "fd00:ec2::255",
    "example.com",
    "169.254.example.com",
    "",
  ])("is fine: %s", (address) => {
    expect(deniedAddresses()(address)).toBe(false);
  });

  test("may be allowed, and then also in its other forms", () => {
    const isDenied = deniedAddresses({ allow: ["169.254.20.0/24", "fe80::7"], deny: [] });

    for (const allowed of ["169.254.20.1", "::ffff:169.254.20.1", "64:ff9b::a9fe:1401", "fe80::7"])
      expect([allowed, isDenied(allowed)]).toEqual([allowed, false]);
    for (const denied of ["169.254.169.254", "64:ff9b::a9fe:a9fe", "fe80::8"])
      expect([denied, isDenied(denied)]).toEqual([denied, true]);
  });

  test("may be denied, but for what is allowed of it", () => {
    const isDenied = deniedAddresses({ allow: ["10.0.7.0/24"], deny: ["10.0.0.0/8", "::1"] });

    for (const denied of ["10.1.0.1", "::ffff:10.1.0.1", "2002:a01:1::", "::1", "169.254.169.254"])
      expect([denied, isDenied(denied)]).toEqual([denied, true]);
    for (const allowed of ["10.0.7.9", "::ffff:10.0.7.9", "192.168.0.1"])
      expect([allowed, isDenied(allowed)]).toEqual([allowed, false]);
  });
});
