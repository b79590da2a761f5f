import type { Person } from "../../plan/plan.ts";

/** Who Gitway commits as, on behalf of the author. */
export const gitwayCommitter: Person = { name: "Gitway", email: "gitway@localhost" };

const longestName = 200;
const longestMessage = 8 * 1024;

/** A person as git takes one: without what would end the name or the address, and never without a name. */
export function committable({ name, email }: Person): Person {
  const address = email.replaceAll(/[\p{Cc}\p{Z}<>]/gu, "").slice(0, longestName);
  const shown = withoutMarks(onOneLine(name.replaceAll(/[<>]/g, "")));
  // Git refuses a name that is nothing but marks.
  const isName = /[^\s.,:;<>"\\']/.test(shown);
  return { name: isName ? shown : onOneLine(address.split("@")[0] ?? "") || "unknown", email: address };
}

/** A commit message without control characters, which ends in a line end. */
export function commitMessage(message: string): string {
  const text = message
    .replaceAll(/\r\n?/g, "\n")
    .replaceAll(/[^\P{Cc}\n\t]/gu, "")
    .slice(0, longestMessage)
    .trim();
  return `${text || "Change manifests"}\n`;
}

/** The name of a branch of its own for a change: `gitway/<user>/<what>`, with a number when that is taken. */
export function proposalBranch(user: string, topic: string, number: number): string {
  const name = `gitway/${branchPart(user, "somebody")}/${branchPart(topic, "change")}`;
  return number === 1 ? name : `${name}-${number}`;
}

function branchPart(text: string, fallback: string): string {
  const plain = text
    .normalize("NFKD")
    .replaceAll(/[^A-Za-z0-9]+/g, "-")
    .replaceAll(/^-|-$/g, "")
    .slice(0, 60)
    .replace(/-$/, "");
  return plain || fallback;
}

/** Git takes these away from both ends of a name. */
function withoutMarks(name: string): string {
  return name.replace(/^[\s,:;"\\']+/, "").replace(/[\s,:;"\\']+$/, "");
}

function onOneLine(text: string): string {
  return text
    .replaceAll(/[\p{Cc}\p{Zl}\p{Zp}\s]+/gu, " ")
    .trim()
    .slice(0, longestName);
}
