import { InvalidArgumentError } from "commander";

import { kinds, type Kind } from "../../manifest/manifest.ts";

const wordOf: Readonly<Record<Kind, string>> = {
  ApiDefinition: "definition",
  ApiToken: "token",
  Webhook: "webhook",
  User: "user",
};

/** The kind that somebody writes as `definition`, `definitions` or `ApiDefinition`, in any case. */
export function parseKind(text: string): Kind {
  const word = text.toLowerCase();
  const kind = kinds.find((kind) => [kind.toLowerCase(), wordOf[kind], `${wordOf[kind]}s`].includes(word));
  if (kind) return kind;
  throw new InvalidArgumentError(`Give one of ${Object.values(wordOf).join(", ")}.`);
}
