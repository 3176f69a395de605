// Ids of uploads and files, and keys of requests.

/** The last part of an address. @param {string | null} address */
export const idIn = (address) => address?.replace(/[?#].*/, '').split('/').filter(Boolean).at(-1);

/** An Idempotency-Key. Plain HTTP has no `randomUUID`. */
export function newKey() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('');
}
