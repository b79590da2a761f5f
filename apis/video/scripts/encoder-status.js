const known = { "enc-1": "streaming", "enc-2": "standby", "enc-7": "streaming" };

/** GET encoders/{encoderId}/status */
export default function encoderStatus(input) {
  const { encoderId } = input.routeParameters;
  const state = known[encoderId];
  if (!state) return { status: 404, body: { error: `There is no encoder '${encoderId}'.` } };
  return { status: 200, body: { id: encoderId, state } };
}
