// Reads again when something has happened, but not too often, and not while nobody looks.

import { follow, onStatus, status } from '../../core/live.js';

const LEAST = 1500; // milliseconds between two reads, at least
const SLOW = 15_000; // without news, for what no event tells

/**
 * Call `read` after each event of these types, until the signal is aborted.
 * @param {object} options
 * @param {string[]} options.types
 * @param {() => Promise<unknown>} options.read
 * @param {() => number} [options.pause] the milliseconds until the next read without news
 * @param {number} [options.least] milliseconds between two reads, also with news
 * @param {AbortSignal} options.signal
 * @returns {() => void} reads now
 */
export function refreshing({ types, read, pause = () => SLOW, least = LEAST, signal }) {
  let timer = 0, at = 0, busy = false, again = false;
  const run = async () => {
    if (busy || document.hidden) { again = true; return; }
    busy = true;
    again = false;
    at = Date.now();
    await read();
    busy = false;
    if (!signal.aborted) plan(again ? least : pause());
  };
  const plan = (/** @type {number} */ wait) => { clearTimeout(timer); timer = setTimeout(run, wait); };
  const news = () => plan(Math.max(0, at + least - Date.now()));
  if (signal.aborted) return run;
  const stops = [
    follow(types, news),
    onStatus(() => { if (status() === 'live') news(); }),
  ];
  document.addEventListener('visibilitychange', () => { if (!document.hidden && again) news(); }, { signal });
  signal.addEventListener('abort', () => { clearTimeout(timer); stops.forEach((stop) => stop()); });
  return run;
}
