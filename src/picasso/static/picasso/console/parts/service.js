// How the service is, as `GET system/` says it: read once for all parts of the page that show it, again every few seconds
// while somebody looks, and at once after something was done about it in this browser.

import { api, onReached } from '../core/api.js';
import { root } from '../core/session.js';

const EVERY = 5000; // milliseconds; others pause queues, and no event tells of it

/** @typedef {{name: string, paused: boolean, paused_at: string | null, paused_by: string, workers: number | null, used: boolean}} Queue */
/** @typedef {{version: string, now: string, health: any[], queues: Queue[], workers: any[] | null, disk: any}} System the answer */

/** @type {System | undefined} */
let now;
/** @type {Set<(system: System) => void>} */
const watchers = new Set();
/** @type {Promise<System> | undefined} */
let reading;
let timer = 0;

const channel = 'BroadcastChannel' in globalThis ? new BroadcastChannel(`picasso-service ${root}`) : undefined;

/** The last answer, which may be some seconds old; undefined before the first. */
export const service = () => now;

/** Hear of each answer, and of the last one at once, until the returned function is called. @param {(system: System) => void} watcher */
export function watchService(watcher) {
  watchers.add(watcher);
  if (now) watcher(now);
  if (watchers.size === 1) begin();
  return () => { watchers.delete(watcher); if (!watchers.size) clearTimeout(timer); };
}

/** Read it now. Raises a `Problem`. Who asks while it is being read gets what is read. */
export function readService() {
  reading ??= read().finally(() => { reading = undefined; });
  return reading;
}

/** After something was changed: read what comes after it, here and in the other windows. */
export async function serviceChanged() {
  channel?.postMessage('changed');
  await reading?.catch(() => {});
  return readService();
}

async function read() {
  const found = /** @type {System} */ (await api('system/'));
  now = found;
  watchers.forEach((watcher) => watcher(found));
  return found;
}

function begin() {
  clearTimeout(timer);
  timer = setTimeout(again, EVERY);
}

async function again() {
  if (!document.hidden && navigator.onLine) await readService().catch(() => {});
  if (watchers.size) begin();
}

channel?.addEventListener('message', () => { if (watchers.size) readService().catch(() => {}); });
document.addEventListener('visibilitychange', () => { if (!document.hidden && watchers.size) readService().catch(() => {}); });
onReached((yes) => { if (!yes) now = undefined; });
