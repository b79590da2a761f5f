import type { StoredObject } from "../../plan/plan.ts";
import type { Store } from "../../store/store.ts";
import { refuse } from "../answers.ts";
import { findNamed } from "../find-named.ts";
import { access, type ApiRoute } from "./api-route.ts";
import { optionalPageParameter, pageOf } from "./page.ts";

type User = Extract<StoredObject, { kind: "User" }>;

/** The users, and who is asking. Keys are references and never shown. */
export function userRoutes({ store }: { readonly store: Pick<Store, "objects"> }): ApiRoute[] {
  return [
    {
      method: "GET",
      path: "/users",
      access: access.editUsers,
      summary: "List the users.",
      query: { p: optionalPageParameter },
      answer: "Users",
      handle: async (context) => {
        const { entries, pages } = pageOf(await users(store), context.req.query("p") ?? "0");
        return context.json({ users: entries.map(shownUser), pages });
      },
    },
    {
      method: "GET",
      path: "/users/me",
      access: { all: [] },
      summary: "Say who is asking, and what they may do.",
      answer: "Me",
      handle: (context) => {
        const { user, name, email, permissions } = context.get("user");
        return context.json({ user, name, email, permissions: [...permissions] });
      },
    },
    {
      method: "GET",
      path: "/users/:name",
      access: access.editUsers,
      summary: "Get a user by name or id.",
      answer: "User",
      handle: async (context) => {
        const user = findNamed(await users(store), context.req.param("name") ?? "");
        return user ? context.json(shownUser(user)) : refuse(context, 404, "User not found");
      },
    },
  ];
}

async function users(store: Pick<Store, "objects">): Promise<User[]> {
  return (await store.objects("User")).filter((object): object is User => object.kind === "User");
}

function shownUser({ id, name, spec, path, line, commit }: User) {
  const { displayName, emails = [], active = true, permissions = [], key } = spec;
  return {
    id,
    name,
    displayName,
    emails,
    active,
    permissions,
    hasKey: key !== undefined,
    path,
    line,
    commit,
  };
}
