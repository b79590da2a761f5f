const severities = ["minor", "major", "critical"];

/**
 * POST encoders/{encoderId}/alarms with {"severity": "major", "text": "..."}
 *
 * @type {import("../../../schemas/script.d.ts").Script}
 */
export default function encoderAlarms(input) {
  const { severity, text } = input.parameters;
  if (!severities.includes(severity)) {
    return { status: 400, body: { error: `severity must be one of ${severities.join(", ")}.` } };
  }
  return { status: 202, body: { encoder: input.routeParameters.encoderId, severity, text: text ?? "" } };
}
