import type { ObjectStamps } from "../../store/stamps.ts";
import type { Store } from "../../store/store.ts";
import { refuse } from "../answers.ts";
import type { Catalogue } from "../catalogue.ts";
import { findNamed } from "../find-named.ts";
import { access, type ApiContext, type ApiRoute } from "./api-route.ts";
import { answerTagged } from "./entity-tag.ts";
import { optionalPageParameter, pageOf } from "./page.ts";
import type { Token } from "./token-request.ts";

/** What the operations on tokens work on. */
export interface TokenParts {
  readonly store: Pick<Store, "objects" | "stamps" | "credentials">;
  readonly catalogue: () => Promise<Catalogue>;
}

/** Tokens: list, count, get, and those of a definition. Never a secret or its hash. */
export function tokenRoutes({ store, catalogue }: TokenParts): ApiRoute[] {
  return [
    {
      method: "GET",
      path: "/tokens",
      access: access.readTokens,
      summary: "List the tokens.",
      query: { p: optionalPageParameter },
      answer: "Tokens",
      handle: async (context) => answerTokens(context, await shownTokens(store)),
    },
    {
      method: "GET",
      path: "/tokens/count",
      access: access.readTokens,
      summary: "Count the tokens.",
      answer: "Count",
      handle: async (context) => context.json({ count: (await store.objects("ApiToken")).length }),
    },
    {
      method: "GET",
      path: "/tokens/:id",
      access: access.readTokens,
      summary: "Get a token by name or id, with its credentials.",
      answer: "Token",
      hasTag: true,
      handle: async (context) => {
        const token = findNamed(await allTokens(store), context.req.param("id") ?? "");
        if (!token) return refuse(context, 404, "Token not found");
        const [stamps, credentials] = await Promise.all([
          store.stamps("ApiToken"),
          store.credentials(token.name),
        ]);
        const shown = { ...shownToken(token, stamps.get(token.id) ?? null), credentials };
        return answerTagged(context, shown, token.hash);
      },
    },
    {
      method: "GET",
      path: "/apis/:id/tokens",
      access: { all: ["definitions.read", "tokens.read"] },
      summary: "List the tokens that may call a definition.",
      query: { p: optionalPageParameter },
      answer: "Tokens",
      handle: async (context) => {
        const entry = (await catalogue()).find(context.req.param("id") ?? "");
        if (!entry) return refuse(context, 400, "Could not retrieve API detail");
        const granted = new Set(entry.object.spec.tokens);
        const tokens = await shownTokens(store);
        return answerTokens(
          context,
          tokens.filter(({ name }) => granted.has(name)),
        );
      },
    },
  ];
}

function answerTokens(context: ApiContext, tokens: readonly object[]): Response {
  const { entries, pages } = pageOf(tokens, context.req.query("p") ?? "0");
  return context.json({ tokens: entries, pages });
}

async function shownTokens(store: Pick<Store, "objects" | "stamps">) {
  const [tokens, stamps] = await Promise.all([allTokens(store), store.stamps("ApiToken")]);
  return tokens.map((token) => shownToken(token, stamps.get(token.id) ?? null));
}

/** The tokens that are live. */
export async function allTokens(store: Pick<Store, "objects">): Promise<readonly Token[]> {
  const objects = await store.objects("ApiToken");
  return objects.filter((object): object is Token => object.kind === "ApiToken");
}

function shownToken({ id, name, spec, path, line, commit }: Token, stamps: ObjectStamps | null) {
  const { description = null, disabled = false, rateLimit = null, quota = null, expires = null } = spec;
  const [secret] = Object.keys(spec.secret);
  return {
    id,
    name,
    description,
    disabled,
    rateLimit,
    quota,
    expires,
    secret,
    ...timesOf(stamps),
    path,
    line,
    commit,
  };
}

function timesOf(stamps: ObjectStamps | null): Omit<ObjectStamps, "live"> | null {
  if (!stamps) return null;
  const { live: _live, ...times } = stamps;
  return times;
}
