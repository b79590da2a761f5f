const steps = ["announced", "collected", "in transit", "out for delivery", "delivered"];

/**
 * GET parcels/{parcelId}
 *
 * @type {import("../../../schemas/script.d.ts").Script}
 */
export default function parcelStatus(input) {
  const { parcelId } = input.routeParameters;
  const number = Number(/^P(\d{6})$/.exec(parcelId)?.[1]);
  if (Number.isNaN(number)) return { status: 404, body: { error: "A parcel number looks like P123456." } };
  return { status: 200, body: { parcel: parcelId, state: steps[number % steps.length] } };
}
