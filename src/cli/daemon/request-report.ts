import type { EndpointMetrics } from "../../dashboard/endpoint-metrics.ts";
import { isUpstreamError } from "../../endpoint/endpoint-error.ts";
import { accessLine } from "../../endpoint/http/access-line.ts";
import type { ServedRequest } from "../../endpoint/served-request.ts";
import type { LogOptions, Logs } from "../../log.ts";

/** Tells metrics and the access log of every request that is over. */
export function createRequestReport(
  metrics: Pick<EndpointMetrics, "requestServed">,
  access: Logs["access"],
  format: LogOptions["format"],
): (request: ServedRequest) => void {
  return (request) => {
    const { status, milliseconds, decision } = request;
    const { definition, code } = decision;
    const upstreamFailed = isUpstreamError(code);
    metrics.requestServed({ definition, status, seconds: milliseconds / 1000, code, upstreamFailed });
    access?.(accessLine(request, format));
  };
}
