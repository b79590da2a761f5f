import { userInfo } from "node:os";

import { Option } from "commander";

import { AppError, messageOf } from "../errors.ts";
import { gitwayActor, type Person } from "../plan/plan.ts";

/** The flag that says who does something that is logged as an event. */
export function byFlag(): Option {
  return new Option(
    "--by <person>",
    'Who does it: a name, or "Name <mail>". (default: the user of this machine)',
  );
}

/** `Name <mail>`, or a name alone; by default whom this machine knows as its user. */
export function personOf(text: string | undefined): Person {
  if (text === undefined) return { name: machineUser(), email: "" };
  const match = /^\s*([^<>]*?)\s*(?:<([^<>]*)>)?\s*$/.exec(text);
  const [, name = "", email = ""] = match ?? [];
  if (name === "" || name.length > 256 || email.length > 256 || name === gitwayActor.name)
    throw new AppError(
      "usage",
      `--by needs a name, or "Name <mail>", and not the reserved one '${gitwayActor.name}'.`,
    );
  return { name, email };
}

/** Containers run under numbers that have no name. */
function machineUser(): string {
  try {
    return userInfo().username;
  } catch (error) {
    throw new AppError(
      "usage",
      `This machine does not know its user; say who you are with --by (${messageOf(error)}).`,
    );
  }
}
