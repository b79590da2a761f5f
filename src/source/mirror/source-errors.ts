import { AppError, type ErrorCode } from "../../errors.ts";
import type { Secret } from "../../secret.ts";
import { oneLine } from "../git/git.ts";
import type { Location } from "../git/location.ts";

interface Diagnosis {
  readonly sign: RegExp;
  readonly code: ErrorCode;
  readonly advice: string;
}

/** What git says when it can't reach or enter a source, and what to do about it. The first match counts. */
const diagnoses: readonly Diagnosis[] = [
  {
    sign: /host key verification failed|no .* host key is known/i,
    code: "source-auth",
    advice:
      "The ssh host key is not known. Add it to the file of credentials.knownHostsFile (see ssh-keyscan).",
  },
  {
    sign: /permission denied \(|load key|too many authentication failures/i,
    code: "source-auth",
    advice: "Give a private key that may read the repository: credentials.sshKeyFile.",
  },
  {
    sign: /authentication failed|could not read (?:username|password)|terminal prompts disabled|error: 40[13]\b|access denied|invalid credentials/i,
    code: "source-auth",
    advice:
      "Give credentials that may read the repository: credentials.username, and credentials.passwordEnv or credentials.passwordFile.",
  },
  {
    sign: /cannot run ssh|ssh: not found|ssh: No such file/i,
    code: "git-missing",
    advice: "Install an ssh client.",
  },
  {
    sign: /transport '.*' not allowed/i,
    code: "source-unreachable",
    advice: "The server leads to another protocol than the source's. Give the URL that it leads to.",
  },
  {
    sign: /mismatched algorithms|unknown hash algorithm|hash algorithm/i,
    code: "git-failed",
    advice: "Repositories with SHA-256 object ids are not supported.",
  },
  {
    sign: /does not appear to be a git repository|repository .*not found|error: 404\b|not valid: is this a git repository|invalid gitfile|info\/refs/i,
    code: "source-unreachable",
    advice:
      "There is no Git repository at that address, or the credentials do not show it. Correct the source.",
  },
];

const anything: Diagnosis = {
  sign: /(?:)/,
  code: "source-unreachable",
  advice: "See whether the address is right and the network lets Gitway reach it.",
};

/** What a failed command against the source becomes. Nothing of the credentials is in the message. */
export function sourceError(location: Location, stderr: string, password: Secret | undefined): AppError {
  const { code, advice } = diagnoses.find(({ sign }) => sign.test(stderr)) ?? anything;
  const said = withoutSecrets(oneLine(stderr.replaceAll(/^hint:.*$/gm, "")), password);
  return new AppError(
    code,
    `The source ${location.description} can't be read. ${advice} Git says: ${said || "nothing"}`,
  );
}

/** Takes a password and every user part of a URL out of a text that others wrote. */
export function withoutSecrets(text: string, password: Secret | undefined): string {
  const value = password?.reveal() ?? "";
  const forms = value === "" ? [] : [value, encodeURIComponent(value), Buffer.from(value).toString("base64")];
  const cleaned = forms.reduce((rest, form) => rest.replaceAll(form, "[secret]"), text);
  return cleaned.replaceAll(/([a-z][a-z0-9+.-]*:\/\/)[^\s/@]+@/gi, "$1");
}
