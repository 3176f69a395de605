// Unfinished uploads by file, kept in localStorage: so an upload continues after a reload or a restart of the browser.

import { me } from '../core/session.js';
import { uploadsUrl } from './addresses.js';

const PREFIX = `picasso ${uploadsUrl} ${me?.project ?? ''} `; // an origin may have more than one service, and that projects
const LIFETIME = 30 * 24 * 3600_000; // milliseconds; uploads expire in the service much earlier

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
