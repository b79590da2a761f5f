import { printableLine } from "../../printable.ts";
import type { ServedRequest } from "../served-request.ts";

/** A request as a line of the access log, with its line feed: `text` for people, `json` for machines. */
export function accessLine(request: ServedRequest, format: "text" | "json"): string {
  return format === "json" ? `${JSON.stringify(factsOf(request))}\n` : textLine(request);
}

function factsOf(request: ServedRequest) {
  const { decision } = request;
  return {
    time: new Date(request.receivedAt).toISOString(),
    msg: "request",
    id: request.id,
    client: request.client,
    method: request.method,
    path: request.path,
    status: request.status,
    ms: request.milliseconds,
    decision: outcomeOf(request),
    rule: decision.rule,
    code: decision.code,
    reason: decision.reason,
    definition: decision.definition,
    version: decision.version,
    pathEntry: decision.pathEntry,
    token: decision.token,
  };
}

type Outcome = "served" | "refused" | "broken-off" | "gone";

function outcomeOf({ status, isBrokenOff, decision }: ServedRequest): Outcome {
  if (decision.code !== null) return isBrokenOff ? "broken-off" : "refused";
  return status === 499 || isBrokenOff ? "gone" : "served";
}

/** Facts without a value are left out. */
function textLine(request: ServedRequest): string {
  const { time, msg, method, path, status, ms, ...facts } = factsOf(request);
  const shown = Object.entries(facts).flatMap(([name, value]) => (value === null ? [] : `${name}=${value}`));
  const head = [time.slice(11, 19), msg, method || "-", path || "-", status, `${ms} ms`].join(" ");
  return `${printableLine([head, ...shown].join("  "))}\n`;
}
