import { describe, expect, test } from "vitest";

import { tokenState } from "../../../../src/cli/output/token-state.ts";
import type { ApiTokenSpec } from "../../../../src/manifest/api-token.generated.ts";
import type { Credential } from "../../../../src/store/credentials/credential-store.ts";

const now = Date.UTC(2026, 10, 22);
const byEnv: ApiTokenSpec = { secret: { env: "PARTNER" } };
const live = credential({});
const revoked = credential({ revokedAt: "2026-01-01T00:00:00.000Z" });
const ended = credential({ notAfter: "2026-01-01T00:00:00.000Z" });

describe("a token", () => {
  test.each<[string, ApiTokenSpec, Credential[]]>([
    ["enabled", byEnv, [live]],
    ["enabled", byEnv, [revoked, ended, live]],
    ["enabled", byEnv, [credential({ notAfter: "2027-01-01T00:00:00.000Z" })]],
    ["disabled", { ...byEnv, disabled: true }, [live]],
    ["no secret", byEnv, []],
    ["no secret", { secret: { generate: true } }, []],
    ["revoked", byEnv, [revoked, revoked]],
    ["ended", byEnv, [revoked, ended]],
  ])("is %s by %j and its credentials", (state, spec, credentials) => {
    expect(tokenState(spec, credentials, now)).toBe(state);
  });
});

function credential(facts: Partial<Credential>): Credential {
  return {
    id: 1,
    tokenId: "2faa728c-218d-4139-8aa1-8f033c60dd07",
    tokenName: "partner",
    origin: "reference",
    issuedBy: "Gitway",
    issuedAt: "2025-01-01T00:00:00.000Z",
    notAfter: null,
    revokedAt: null,
    lastUsed: null,
    ...facts,
  };
}
