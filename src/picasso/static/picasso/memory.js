// Unfinished uploads by file, kept in localStorage: so an upload continues after a reload or a restart of the browser.

import { uploadsUrl } from './page.js';

const PREFIX = `picasso ${uploadsUrl} `; // an origin may have more than one service
const LIFETIME = 30 * 24 * 3600_000; // milliseconds; uploads expire in the service much earlier
const SAMPLES = 16, SAMPLE = 4096; // bytes

/** The key of a file. */
export const printOf = ({ name, size, lastModified, type }) => JSON.stringify([name, size, lastModified, type]);

export function fileIn(print) {
  const [name, size] = JSON.parse(print);
  return { name, size };
}

/** The stored upload of this file, or null. */
export function recall(print) {
  try { return JSON.parse(localStorage.getItem(PREFIX + print)); } catch { return null; }
}

export function remember(print, upload) {
  try { localStorage.setItem(PREFIX + print, JSON.stringify({ ...upload, at: Date.now() })); } catch { /* not kept beyond this page */ }
}

/** Remove it, unless another upload of the same file has replaced it. */
export function forget(print, { key }) {
  if (recall(print)?.key === key) localStorage.removeItem(PREFIX + print);
}

/** All keys with their uploads. */
export function remembered() {
  const found = prints().map((print) => [print, recall(print)]).filter(([, upload]) => upload);
  for (const [print, upload] of found) if (upload.at + LIFETIME < Date.now()) forget(print, upload);
  return found.filter(([print]) => recall(print));
}

function prints() {
  try { return Object.keys(localStorage).filter((key) => key.startsWith(PREFIX)).map((key) => key.slice(PREFIX.length)); } catch { return []; }
}

/** Call back when another window changes the stored upload of a file. */
export function onChange(changed) {
  addEventListener('storage', ({ key }) => { if (key?.startsWith(PREFIX)) changed(key.slice(PREFIX.length)); });
}

/* ---- Claims: only one window uploads a file. Plain HTTP has no Web Locks; there, each window knows only its own. ---- */

const claims = new Set();

/** Returns a function that releases the claim, or null if the file is already claimed. */
export async function claim(print) {
  if (claims.has(print)) return null;
  claims.add(print);
  const unlock = navigator.locks ? await lock(PREFIX + print) : () => {};
  if (!unlock) claims.delete(print);
  return unlock && (() => { claims.delete(print); unlock(); });
}

const lock = (name) => new Promise((got) => {
  navigator.locks.request(name, { ifAvailable: true }, (found) => found ? new Promise((unlock) => { got(unlock); }) : got(null));
});

export async function claimed(print) {
  const { held = [] } = await navigator.locks?.query() ?? {};
  return claims.has(print) || held.some(({ name }) => name === PREFIX + print);
}

/* ---- Content ---- */

/** A checksum of samples: two files with the same name, size and time may differ. */
export async function sampleOf(file) {
  const step = Math.max(0, file.size - SAMPLE) / (SAMPLES - 1);
  const places = Array.from({ length: SAMPLES }, (_, n) => Math.floor(n * step));
  let hash = 0x811c9dc5; // FNV-1a: plain HTTP has no Web Crypto
  for (const byte of await read(new Blob(places.map((at) => file.slice(at, at + SAMPLE))))) hash = Math.imul(hash ^ byte, 0x01000193);
  return hash >>> 0;
}

export async function read(blob) {
  try { return new Uint8Array(await blob.arrayBuffer()); } catch { throw new Error('The file cannot be read, or has changed since it was chosen.'); }
}
