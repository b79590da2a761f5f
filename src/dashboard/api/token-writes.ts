import { AppError } from "../../errors.ts";
import { newSecret } from "../../secret.ts";
import type { Store } from "../../store/store.ts";
import { parseDuration } from "../../units.ts";
import { refuse } from "../answers.ts";
import type { Catalogue } from "../catalogue.ts";
import { findNamed } from "../find-named.ts";
import { access, type ApiContext, type ApiRoute } from "./api-route.ts";
import { seenHashes } from "./entity-tag.ts";
import { readJson } from "./read-json.ts";
import type { Flaw } from "./reasons.ts";
import { renamedReferences } from "./rename-token.ts";
import { readToken, type Token } from "./token-request.ts";
import { allTokens } from "./tokens.ts";
import { accepted, answerProblems, done, invalid, writeObjects, type Writing } from "./write.ts";

/** What writing tokens and grants needs. */
export interface TokenWriteParts {
  readonly store: Pick<Store, "objects" | "issueCredential" | "rotateCredential" | "revokeCredentials">;
  readonly catalogue: () => Promise<Catalogue>;
  readonly writing: Writing;
}

/** Tokens: create, change, delete, and their secrets; and which definitions they may call. */
export function tokenWriteRoutes(parts: TokenWriteParts): ApiRoute[] {
  return [
    {
      method: "POST",
      path: "/tokens",
      access: access.editTokens,
      summary: "Create a token, and issue its secret, which is shown this once.",
      body: "TokenChange",
      answer: "IssuedToken",
      commits: true,
      handle: (context) => create(context, parts),
    },
    {
      method: "PUT",
      path: "/tokens/:id",
      access: access.editTokens,
      summary:
        "Change a token: its name, limits, description, or whether it is disabled. What is left out stays.",
      body: "TokenChange",
      answer: "Envelope",
      commits: true,
      handle: (context) => update(context, parts),
    },
    {
      method: "DELETE",
      path: "/tokens/:id",
      access: access.deleteTokens,
      summary: "Delete a token that no definition uses.",
      answer: "Envelope",
      commits: true,
      handle: (context) => remove(context, parts),
    },
    {
      method: "POST",
      path: "/tokens/:id/issue",
      access: access.editTokens,
      summary: "Issue another secret, which is shown this once.",
      answer: "IssuedToken",
      handle: (context) =>
        withToken(context, parts, (token) =>
          ifGenerated(context, token, () => issue(context, parts, token.name)),
        ),
    },
    {
      method: "POST",
      path: "/tokens/:id/rotate",
      access: access.editTokens,
      summary: "Issue a secret in place of the earlier ones, which go on working for a while.",
      query: { overlap: "How long the earlier ones go on working: 24h when absent." },
      answer: "IssuedToken",
      handle: (context) =>
        withToken(context, parts, (token) =>
          ifGenerated(context, token, () => rotate(context, parts, token.name)),
        ),
    },
    {
      method: "POST",
      path: "/tokens/:id/revoke",
      access: access.editTokens,
      summary: "Revoke all secrets of a token, at once and for good.",
      answer: "Envelope",
      handle: (context) =>
        withToken(context, parts, async (token) => {
          await parts.store.revokeCredentials({ token: token.name, by: actor(context) });
          return done(context, "Token revoked", null);
        }),
    },
    grantRoute(parts, "PUT"),
    grantRoute(parts, "DELETE"),
  ];
}

async function create(context: ApiContext, parts: TokenWriteParts): Promise<Response> {
  const body = await readJson(context.req.raw);
  if ("message" in body) return refuse(context, body.status, body.message);
  const tokens = await allTokens(parts.store);
  const read = readToken(body.value, null, (other) => isTaken(tokens, other));
  if (read.name === null) return answerFlaws(context, read.flaws);
  const { name, spec } = read;
  const wanted = { kind: "ApiToken" as const, name, spec };
  const file = parts.writing.fileOf("ApiToken", name);
  const stopped = await writeObjects(context, parts.writing, {
    edits: [{ operation: "add", file, wanted }],
    summary: `Add token '${name}'`,
  });
  return stopped ?? (await issueFirst(context, parts, name));
}

async function update(context: ApiContext, parts: TokenWriteParts): Promise<Response> {
  const tokens = await allTokens(parts.store);
  const target = findNamed(tokens, context.req.param("id") ?? "");
  if (!target) return refuse(context, 404, "Token not found");
  const body = await readJson(context.req.raw);
  if ("message" in body) return refuse(context, body.status, body.message);
  const read = readToken(body.value, target, (other) => isTaken(tokens, other));
  if (read.name === null) return answerFlaws(context, read.flaws, target.id);
  const { name, spec } = read;
  const { labels, annotations, id } = target;
  const wanted = { kind: "ApiToken" as const, name, id, labels, annotations, spec };
  const own = { operation: "set", target, seen: seenHashes(context, target.hash), wanted } as const;
  const { definitions } = await parts.catalogue();
  const stopped = await writeObjects(context, parts.writing, {
    edits: (set) => {
      const renamed =
        name === target.name ? [] : renamedReferences(set, definitions, { from: target.name, to: name });
      // The token comes last: it is what the answer is about.
      return "reason" in renamed ? renamed : [...renamed, own];
    },
    summary: name === target.name ? `Update token '${name}'` : `Rename token '${target.name}' to '${name}'`,
  });
  return stopped ?? done(context, "Token updated", null);
}

/** A name that is taken is a conflict, when nothing else is wrong. */
function answerFlaws(context: ApiContext, flaws: readonly Flaw[], id?: string): Response {
  const [flaw, ...others] = flaws;
  const status = flaw?.code === "duplicate-name" && others.length === 0 ? 409 : 400;
  return answerProblems(context, invalid.ApiToken, flaws, { id, status });
}

function isTaken(tokens: readonly Token[], name: string): boolean {
  return tokens.some((token) => token.name === name);
}

async function remove(context: ApiContext, parts: TokenWriteParts): Promise<Response> {
  const target = await find(parts, context.req.param("id") ?? "");
  if (!target) return refuse(context, 404, "Token not found");
  const { definitions } = await parts.catalogue();
  const users = definitions.filter(({ object }) => object.spec.tokens?.includes(target.name));
  if (users.length > 0) {
    const ids = users.map(({ object }) => object.id);
    const Message = `The token is in use by ${users.map(({ title }) => title).join(", ")}: withdraw it there first.`;
    const Reasons = [{ Reason: "TokenInUse", Message, Id: target.id, ApiDefinitionIds: ids }];
    return context.json({ Status: "Error", Message, Meta: null, Errors: [Message], Reasons }, 400);
  }
  const stopped = await writeObjects(context, parts.writing, {
    edits: [{ operation: "delete", target, seen: seenHashes(context, target.hash) }],
    summary: `Delete token '${target.name}'`,
  });
  return stopped ?? done(context, "Token deleted", null);
}

function grantRoute(parts: TokenWriteParts, method: "PUT" | "DELETE"): ApiRoute {
  const grants = method === "PUT";
  return {
    method,
    path: "/apis/:id/tokens/:token",
    access: access.editDefinitions,
    summary: grants ? "Let a token call a definition." : "Let a token call a definition no more.",
    answer: "Envelope",
    commits: true,
    handle: async (context) => {
      const entry = (await parts.catalogue()).find(context.req.param("id") ?? "");
      if (!entry) return refuse(context, 404, "API definition does not exist");
      const token = await find(parts, context.req.param("token") ?? "");
      if (!token) return refuse(context, 404, "Token not found");
      const { object } = entry;
      const others = (object.spec.tokens ?? []).filter((name) => name !== token.name);
      const spec = { ...object.spec, tokens: grants ? [...others, token.name] : others };
      const wanted = { ...object, spec };
      const stopped = await writeObjects(context, parts.writing, {
        edits: [{ operation: "set", target: object, seen: seenHashes(context, object.hash), wanted }],
        summary: `${grants ? "Grant" : "Withdraw"} token '${token.name}' ${grants ? "to" : "from"} API '${entry.title}'`,
      });
      return stopped ?? done(context, grants ? "Token granted" : "Token withdrawn", null);
    },
  };
}

/** The token is live by now: an answer that says otherwise would have it created again. */
async function issueFirst(context: ApiContext, parts: TokenWriteParts, token: string): Promise<Response> {
  try {
    return await issue(context, parts, token);
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    const message = `The token '${token}' is there, but it has no secret yet: ${error.message} Issue one with POST /api/tokens/${token}/issue.`;
    return accepted(context, message, token);
  }
}

async function issue(context: ApiContext, { store }: TokenWriteParts, token: string): Promise<Response> {
  const secret = newSecret();
  const credential = await store.issueCredential({ token, hash: secret.hash(), by: actor(context) });
  return context.json({ token, secret: secret.reveal(), credential });
}

async function rotate(context: ApiContext, { store }: TokenWriteParts, token: string): Promise<Response> {
  const overlap = context.req.query("overlap") ?? "24h";
  if (!/^\d{1,6}(ms|s|m|h|d)$/.test(overlap))
    return refuse(context, 400, "'overlap' must be a duration such as 24h.");
  const secret = newSecret();
  const by = actor(context);
  const rotation = await store.rotateCredential({
    token,
    hash: secret.hash(),
    by,
    overlap: parseDuration(overlap),
  });
  return context.json({ token, secret: secret.reveal(), credential: rotation.issued });
}

/** Only a secret that Gitway issues can be issued. */
async function ifGenerated(
  context: ApiContext,
  { id, name, spec }: Token,
  act: () => Promise<Response>,
): Promise<Response> {
  if (spec.secret.generate) return await act();
  const message = `The secret of the token '${name}' is referred to by its manifest: change it there.`;
  const flaw = { code: "secret-referred", field: "secret", message };
  return answerProblems(context, message, [flaw], { id, status: 409 });
}

function actor(context: ApiContext) {
  const { name, email } = context.get("user");
  return { name, email };
}

async function withToken(
  context: ApiContext,
  parts: TokenWriteParts,
  act: (token: Token) => Promise<Response>,
): Promise<Response> {
  const token = await find(parts, context.req.param("id") ?? "");
  return token ? await act(token) : refuse(context, 404, "Token not found");
}

async function find(parts: TokenWriteParts, asked: string): Promise<Token | undefined> {
  return findNamed(await allTokens(parts.store), asked);
}
