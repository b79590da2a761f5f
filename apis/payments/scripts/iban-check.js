/**
 * GET payments/iban-check?iban=DE89370400440532013000
 *
 * @type {import("../../../schemas/script.d.ts").Script}
 */
export default function ibanCheck(input) {
  const iban = (input.query.iban?.[0] ?? "").replace(/\s/g, "").toUpperCase();
  if (!/^[A-Z]{2}\d{2}[A-Z0-9]{11,30}$/.test(iban)) {
    return { status: 400, body: { error: "Give an IBAN, as ?iban=DE89370400440532013000." } };
  }
  return { status: 200, body: { iban, valid: remainder(iban) === 1 } };
}

/**
 * ISO 7064: country code and check digits to the end, letters as numbers, modulo 97.
 *
 * @param {string} iban
 */
function remainder(iban) {
  const turned = iban.slice(4) + iban.slice(0, 4);
  const digits = turned.replace(/[A-Z]/g, (letter) => String(letter.charCodeAt(0) - 55));
  let rest = 0;
  for (const digit of digits) rest = (rest * 10 + Number(digit)) % 97;
  return rest;
}
