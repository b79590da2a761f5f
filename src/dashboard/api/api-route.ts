import type { Context } from "hono";

import type { ActingUser, Permission } from "../access/acting-user.ts";
import type { ShapeName } from "./shapes.ts";

/** What a handler finds in the context besides the request. */
export interface ApiVariables {
  readonly Variables: {
    readonly user: ActingUser;
    /** Who the key is of by now, for answers that take their time; null when it opens nothing any more. */
    readonly userNow: () => Promise<ActingUser | null>;
  };
}

/** A request whose user is known and may make it. */
export type ApiContext = Context<ApiVariables>;

/** Who may make a request: whoever has all of these permissions, or any of those. */
export type Access = { readonly all: readonly Permission[] } | { readonly any: readonly Permission[] };

/** One operation of the Dashboard API. There is no path without a row, and no row without an access. */
export interface ApiRoute {
  readonly method: "GET" | "POST" | "PUT" | "DELETE";
  /** Below `/api`, in Hono's notation: `/apis/:id`. */
  readonly path: string;
  readonly access: Access;
  /** Whether it belongs to the console, and is off with it. */
  readonly isConsole?: true;
  /** What it does, for the OpenAPI document, as are the following. */
  readonly summary: string;
  /** Whether it becomes a commit, or the proposal of one. */
  readonly commits?: true;
  /** What the parameters of the query mean. */
  readonly query?: Readonly<Record<string, string>>;
  /** The shape of the request's body; none when absent. */
  readonly body?: ShapeName;
  readonly bodyMayBeAbsent?: true;
  readonly answer: ShapeName | "EventStream";
  /** Whether it comes with an entity tag, and may be a 304. */
  readonly hasTag?: true;
  readonly handle: (context: ApiContext) => Promise<Response> | Response;
}

/** Whether a user may make a request. */
export function mayAccess({ permissions }: ActingUser, access: Access): boolean {
  return "all" in access
    ? access.all.every((permission) => permissions.has(permission))
    : access.any.some((permission) => permissions.has(permission));
}

/** Reading definitions and webhooks, writing them, and so on (UD-APIs "Permissions"). */
export const access = {
  readDefinitions: { all: ["definitions.read"] },
  editDefinitions: { all: ["definitions.edit", "automation.execute"] },
  deleteDefinitions: { all: ["definitions.delete"] },
  readTokens: { all: ["tokens.read"] },
  editTokens: { all: ["tokens.edit"] },
  deleteTokens: { all: ["tokens.delete"] },
  trigger: { all: ["automation.execute"] },
  editUsers: { all: ["users.edit"] },
  manageSync: { all: ["sync.manage"] },
  readAnything: { any: ["definitions.read", "tokens.read", "users.edit"] },
} as const satisfies Record<string, Access>;
