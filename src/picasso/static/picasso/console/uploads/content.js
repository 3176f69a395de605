// What is read of a file before it is sent.

const SAMPLES = 16, SAMPLE = 4096; // bytes

/** The file can't be read, or has changed since it was chosen. */
export class Unreadable extends Error {}

/** A checksum of samples: two files with the same name, size and time may differ. */
export async function sampleOf(file) {
  const step = Math.max(0, file.size - SAMPLE) / (SAMPLES - 1);
  const places = Array.from({ length: SAMPLES }, (_, n) => Math.floor(n * step));
  let hash = 0x811c9dc5; // FNV-1a: plain HTTP has no Web Crypto
  for (const byte of await read(new Blob(places.map((at) => file.slice(at, at + SAMPLE))))) hash = Math.imul(hash ^ byte, 0x01000193);
  return hash >>> 0;
}

/** @param {Blob} blob */
export async function read(blob) {
  try { return new Uint8Array(await blob.arrayBuffer()); } catch { throw new Unreadable(); }
}
