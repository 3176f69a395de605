// Requests to the service.

import { filesUrl } from './page.js';

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
