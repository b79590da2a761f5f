import { createHmac, timingSafeEqual } from "node:crypto";

import { Hono, type Context } from "hono";

import type { Log } from "../log.ts";
import { Secret } from "../secret.ts";
import { refuse } from "./answers.ts";
import { readBody } from "./read-body.ts";

/** What the receiver needs: the secret that forges sign with (null refuses all calls), and whom to wake. */
export interface WebhookReceiver {
  readonly secret: Secret | null;
  readonly wake: (reason: string) => void;
}

/** The largest body. Forges send up to some hundred KiB for a push. */
const largestBody = 1024 * 1024;

interface Provider {
  readonly header: string;
  /** Whether the header proves that the sender knows the secret. */
  readonly proves: (header: string, body: Buffer, secret: Secret) => boolean;
}

/** The forges, and how each of them proves who it is. A further one is a further row. */
const providers: Readonly<Record<string, Provider>> = {
  github: { header: "x-hub-signature-256", proves: signedWithPrefix },
  gitlab: { header: "x-gitlab-token", proves: (token, _, secret) => secret.equals(new Secret(token)) },
  gitea: { header: "x-gitea-signature", proves: signed },
  generic: { header: "x-gitway-signature", proves: signedWithPrefix },
};

/**
 * Takes the webhooks of forges at `/` and `/{provider}`. A call that proves itself wakes the loop, and that is
 * all: the body is not looked into (law 9), so content type and event don't matter and a replay is harmless.
 */
export function webhookReceiver(receiver: WebhookReceiver | null, log: Log): Hono {
  const app = new Hono();
  app.all("/", (context) => receive(context, Object.entries(providers), receiver, log));
  app.all("/:provider", (context) => {
    const name = context.req.param("provider");
    const provider = Object.hasOwn(providers, name) ? providers[name] : undefined;
    if (provider) return receive(context, [[name, provider]], receiver, log);
    return refuse(context, 404, `No such provider; known ones are ${Object.keys(providers).join(", ")}.`);
  });
  return app;
}

async function receive(
  context: Context,
  candidates: readonly (readonly [string, Provider])[],
  receiver: WebhookReceiver | null,
  log: Log,
): Promise<Response> {
  if (context.req.method !== "POST") return refuse(context, 405, "Use POST.", { allow: "POST" });
  if (receiver === null)
    return refuse(context, 404, "This process does not reconcile; send the webhook to the controller.");
  if (receiver.secret === null)
    return refuse(
      context,
      403,
      "No webhook secret is configured; set webhook.secretEnv or webhook.secretFile.",
    );
  const body = await readBody(context.req.raw, largestBody);
  if (body === "too-large")
    return refuse(context, 413, "The body is larger than 1 MiB.", { connection: "close" });
  if (body === "broken") return refuse(context, 400, "The body ended early.", { connection: "close" });
  const proof = findProof(context, candidates, body, receiver.secret);
  if (!proof.valid) {
    log.warn({ provider: proof.provider }, "a webhook was refused: its signature is missing or wrong");
    return refuse(context, 401, "The signature is missing or wrong.");
  }
  receiver.wake("webhook");
  return context.json({ Status: "OK", Message: "Accepted", Meta: null }, 202);
}

/** A forge may send several signatures, as Gitea does for those who expect GitHub's; one that holds will do. */
function findProof(
  context: Context,
  candidates: readonly (readonly [string, Provider])[],
  body: Buffer,
  secret: Secret,
): { readonly provider: string | null; readonly valid: boolean } {
  let provider: string | null = null;
  for (const [name, { header, proves }] of candidates) {
    const value = context.req.header(header);
    if (value === undefined) continue;
    provider ??= name;
    if (proves(value, body, secret)) return { provider: name, valid: true };
  }
  return { provider, valid: false };
}

function signedWithPrefix(header: string, body: Buffer, secret: Secret): boolean {
  return header.startsWith("sha256=") && signed(header.slice("sha256=".length), body, secret);
}

/** HMAC-SHA-256 of the body as it came, in hex; compared in constant time. */
function signed(signature: string, body: Buffer, secret: Secret): boolean {
  const expected = createHmac("sha256", secret.reveal()).update(body).digest();
  if (!/^[0-9a-f]{64}$/i.test(signature)) return false;
  return timingSafeEqual(Buffer.from(signature, "hex"), expected);
}
