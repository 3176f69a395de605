// Requests to the service.

import { filesUrl } from './page.js';

const QUIET = 45_000; // milliseconds without data after which a connection counts as lost

/** The most specific sentence in a problem+json answer; every part of it may be missing. */
export function sentence(status, body) {
  const fields = Object.values(body?.errors ?? {}).flat(2).map((error) => error?.detail ?? error?.message ?? error);
  const words = [body?.detail, ...fields, body?.title].find((word) => word && typeof word === 'string');
  return words ?? (status === 413 ? 'The file is larger than the server’s limit.' : `The server answered ${status}.`);
}

export async function api(url, options) {
  const response = await fetch(url, { headers: { Accept: 'application/json' }, ...options })
    .catch(() => { throw new Error('The server is unreachable.'); });
  if (response.ok) return response.status === 204 ? null : response.json();
  throw Object.assign(new Error(sentence(response.status, await response.json().catch(() => null))), { status: response.status });
}

export const urlOf = (id) => `${filesUrl}${encodeURIComponent(id)}/`;

/** A request with what fetch lacks: upload progress, and a timeout when no data moves. Without an answer the status is 0. */
export async function exchange(method, url, { headers = {}, body = null, signal, progressed } = {}) {
  const xhr = new XMLHttpRequest(), over = new AbortController(), stop = () => xhr.abort();
  let timer;
  const moved = () => { clearTimeout(timer); timer = setTimeout(stop, QUIET); };
  await new Promise((done) => {
    xhr.upload.addEventListener('progress', ({ loaded }) => { moved(); progressed?.(loaded); });
    xhr.addEventListener('loadend', done);
    signal?.addEventListener('abort', stop, { signal: over.signal });
    xhr.open(method, url);
    for (const [name, value] of Object.entries({ Accept: 'application/json', ...headers })) xhr.setRequestHeader(name, value);
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
