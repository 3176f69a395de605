// A request with what fetch lacks: progress while sending, and a timeout when no data moves.

import { HEADERS } from './addresses.js';

const QUIET = 45_000; // milliseconds without data after which a connection counts as lost

/**
 * @typedef {object} Answer
 * @property {number} status 0 without an answer
 * @property {(name: string) => string | null} header
 * @property {any} body JSON, or null
 */

/**
 * @param {string} method
 * @param {string} url
 * @param {{headers?: Record<string, string | number>, body?: Blob | null, signal?: AbortSignal | null, progressed?: (sent: number) => void}} [options]
 * @returns {Promise<Answer>}
 */
export async function exchange(method, url, { headers = {}, body = null, signal, progressed } = {}) {
  const xhr = new XMLHttpRequest(), over = new AbortController(), stop = () => xhr.abort();
  let timer;
  const moved = () => { clearTimeout(timer); timer = setTimeout(stop, QUIET); };
  await new Promise((done) => {
    xhr.upload.addEventListener('progress', ({ loaded }) => { moved(); progressed?.(loaded); });
    xhr.addEventListener('loadend', done);
    signal?.addEventListener('abort', stop, { signal: over.signal });
    xhr.open(method, url);
    for (const [name, value] of Object.entries({ ...HEADERS, ...headers })) xhr.setRequestHeader(name, value);
    xhr.send(body);
    moved();
  });
  clearTimeout(timer);
  over.abort();
  return { status: xhr.status, header: (name) => xhr.getResponseHeader(name), body: parsed(xhr.responseText) };
}

function parsed(text) {
  try { return JSON.parse(text); } catch { return null; } // an HTML page of a proxy
}
