// Finds out whether the service has the same bytes already, by their SHA-256, before they are sent.

import { api } from '../core/api.js';
import { can } from '../core/session.js';

const MOST = 64_000_000; // bytes: Web Crypto needs all of them in memory at once
const PATIENCE = 5000; // milliseconds; a slow answer is not worth waiting for

let worker, last = Promise.resolve(null);

/**
 * A file with the same bytes, or null: also for a large file, and where that can't be found out.
 * @param {File} file
 */
export async function sameBytes(file) {
  if (!isSecureContext || file.size > MOST || !can('files:read')) return null; // plain HTTP has no Web Crypto
  const sha256 = await inTurn(() => hashOf(file));
  if (!sha256) return null;
  const query = { sha256, page_size: 1, count: 'fast' };
  const page = await api('files/', { query, signal: AbortSignal.timeout(PATIENCE) }).catch(() => null);
  return page?.results[0] ?? null;
}

/** One after the other, so that no more than one file is in memory. */
function inTurn(task) {
  last = last.then(task, task);
  return last;
}

function hashOf(file) {
  worker ??= new Worker(new URL('./hash-worker.js', import.meta.url), { type: 'module' });
  return new Promise((done) => {
    worker.onmessage = ({ data }) => done(data);
    worker.onerror = () => done(null);
    worker.postMessage(file);
  });
}
