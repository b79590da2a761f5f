import type { Kind } from "../../manifest/manifest.ts";
import type { EventQuery } from "../../store/store.ts";
import type { ActingUser, Permission } from "../access/acting-user.ts";

/** Events are as secret as their objects (UD-APIs "Permissions"). */
const readers = {
  ApiDefinition: "definitions.read",
  Webhook: "definitions.read",
  ApiToken: "tokens.read",
  User: "users.edit",
} as const satisfies Record<Kind, Permission>;

const defaultLimit = 100;
const number = /^\d{1,15}$/;
const objectId = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** The most events that one page holds, and that a stream reads at once. */
export const mostEvents = 1000;

/** What the parameters of a list of events mean, for the OpenAPI document. */
export const eventParameters = {
  kind: "The kind of the object.",
  object: "The id of the object.",
  name: "The name of the object.",
  actor: "The author's name or address, or the name of the user who owns it.",
  commit: "A commit, or how it begins.",
  since: "Not before this time (ISO 8601).",
  until: "Before this time (ISO 8601).",
  after: "Events after this one, oldest first.",
  before: "Events before this one: the next page.",
  limit: "How many, at most 1000.",
};

type Parameter = keyof typeof eventParameters;
type Parameters = Readonly<Partial<Record<Parameter, string>>>;

/** What a parameter must look like; the sentence ends "must be …". */
const forms: Readonly<
  Record<Parameter, { readonly fits: (text: string) => boolean; readonly said: string }>
> = {
  kind: { fits: (text) => Object.hasOwn(readers, text), said: `one of ${Object.keys(readers).join(", ")}` },
  object: { fits: (text) => objectId.test(text), said: "the id of an object" },
  name: { fits: isWord, said: "a name" },
  actor: { fits: isWord, said: "a name or an address" },
  commit: { fits: (text) => /^[0-9a-f]{1,64}$/.test(text), said: "a commit, or how it begins" },
  since: { fits: isTime, said: "a time, as ISO 8601" },
  until: { fits: isTime, said: "a time, as ISO 8601" },
  after: { fits: (text) => number.test(text), said: "a number" },
  before: { fits: (text) => number.test(text), said: "a number" },
  limit: { fits: (text) => number.test(text), said: "a number" },
};

/** The query that the parameters say, of the kinds that the user may read; a sentence when they are wrong. */
export function readEventQuery(parameters: Parameters, user: ActingUser): EventQuery | string {
  const wrong = Object.entries(forms).find(([parameter, { fits }]) => {
    const text = parameters[parameter as Parameter];
    return text !== undefined && !fits(text);
  });
  if (wrong) return `'${wrong[0]}' must be ${wrong[1].said}.`;
  const { kind, object, since, until, after, before, limit } = parameters;
  const kinds = readableKinds(user);
  return {
    limit: Math.min(Number(limit ?? defaultLimit), mostEvents),
    kinds: kind === undefined ? kinds : kinds.filter((readable) => readable === kind),
    ...(after === undefined ? {} : { afterId: Number(after) }),
    ...(before === undefined ? {} : { beforeId: Number(before) }),
    ...(object === undefined ? {} : { objectId: object }),
    ...(since === undefined ? {} : { since: new Date(since).toISOString() }),
    ...(until === undefined ? {} : { until: new Date(until).toISOString() }),
    ...given(parameters, ["name", "actor", "commit"]),
  };
}

/** The kinds whose events a user may read. */
export function readableKinds({ permissions }: ActingUser): Kind[] {
  return (Object.keys(readers) as Kind[]).filter((kind) => permissions.has(readers[kind]));
}

/** Postgres takes no NUL character, and no name is longer. */
function isWord(text: string): boolean {
  return text.length <= 1000 && !text.includes("\0");
}

/** Years of four digits: those that Postgres and ISO 8601 write alike. */
function isTime(text: string): boolean {
  const time = Date.parse(text);
  return !Number.isNaN(time) && /^\d{4}-/.test(new Date(time).toISOString());
}

function given(parameters: Parameters, names: readonly Parameter[]): Record<string, string> {
  return Object.fromEntries(
    names.flatMap((name) => {
      const text = parameters[name];
      return text === undefined ? [] : [[name, text] as const];
    }),
  );
}
