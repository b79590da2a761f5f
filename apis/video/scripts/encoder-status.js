const known = new Map([
  ["enc-1", "streaming"],
  ["enc-2", "standby"],
  ["enc-7", "streaming"],
]);

/**
 * GET encoders/{encoderId}/status
 *
 * @type {import("../../../schemas/script.d.ts").Script}
 */
export default function encoderStatus(input) {
  const { encoderId } = input.routeParameters;
  const state = known.get(encoderId);
  if (!state) return { status: 404, body: { error: `There is no encoder '${encoderId}'.` } };
  return { status: 200, body: { id: encoderId, state } };
}
