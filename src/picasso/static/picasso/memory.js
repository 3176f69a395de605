// Uploads that were begun and are not done, by file: so one goes on after a reload, or when the browser was closed.

import { uploadsUrl } from './page.js';

const PREFIX = `picasso ${uploadsUrl} `; // there may be more than one service below an origin
const LIFETIME = 30 * 24 * 3600_000; // milliseconds; the service forgets much sooner
const SAMPLES = 16, SAMPLE = 4096; // bytes

/** What a file is remembered by. */
export const printOf = ({ name, size, lastModified, type }) => JSON.stringify([name, size, lastModified, type]);

export function fileIn(print) {
  const [name, size] = JSON.parse(print);
  return { name, size };
}

/** What is known of this file's upload, or null. */
export function recall(print) {
  try { return JSON.parse(localStorage.getItem(PREFIX + print)); } catch { return null; }
}

export function remember(print, upload) {
  try { localStorage.setItem(PREFIX + print, JSON.stringify({ ...upload, at: Date.now() })); } catch { /* then only this page knows */ }
}

/** Unless another upload of that file is remembered by now. */
export function forget(print, { key }) {
  if (recall(print)?.key === key) localStorage.removeItem(PREFIX + print);
}

/** All prints with what is known of them. */
export function remembered() {
  const found = prints().map((print) => [print, recall(print)]).filter(([, upload]) => upload);
  for (const [print, upload] of found) if (upload.at + LIFETIME < Date.now()) forget(print, upload);
  return found.filter(([print]) => recall(print));
}

function prints() {
  try { return Object.keys(localStorage).filter((key) => key.startsWith(PREFIX)).map((key) => key.slice(PREFIX.length)); } catch { return []; }
}

/** Call back when another window changes what is remembered of a file. */
export function onChange(changed) {
  addEventListener('storage', ({ key }) => { if (key?.startsWith(PREFIX)) changed(key.slice(PREFIX.length)); });
}

/* ---- Who uploads it: one at a time, of all windows. Plain HTTP has no locks, and there each window knows its own. ---- */

const claims = new Set();

/** Release it by calling what this returns: null if it is claimed already. */
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

/** A checksum of some of it, for two files of one name, size and time need not be the same. */
export async function sampleOf(file) {
  const step = Math.max(0, file.size - SAMPLE) / (SAMPLES - 1);
  const places = Array.from({ length: SAMPLES }, (_, n) => Math.floor(n * step));
  let hash = 0x811c9dc5; // FNV-1a: Web Crypto is not there on plain HTTP
  for (const byte of await read(new Blob(places.map((at) => file.slice(at, at + SAMPLE))))) hash = Math.imul(hash ^ byte, 0x01000193);
  return hash >>> 0;
}

export async function read(blob) {
  try { return new Uint8Array(await blob.arrayBuffer()); } catch { throw new Error('The file can’t be read, or has changed since it was chosen.'); }
}
