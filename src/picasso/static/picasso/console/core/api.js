// Requests to the public API.

import { language, t } from './words.js';
import { apiRoot, me } from './session.js';

/** What an answer says is wrong (RFC 9457), or that there was no answer: then its status is 0. */
export class Problem extends Error {
  /**
   * @param {number} status of HTTP; 0 without an answer
   * @param {{code?: string, title?: string, detail?: string, errors?: {field: string, detail: string}[]}} body
   * @param {number} [retryAfter] seconds
   */
  constructor(status, body = {}, retryAfter) {
    super(body.detail || body.title || sentenceFor(status));
    this.name = 'Problem';
    this.status = status;
    this.code = body.code ?? (status ? '' : 'unreachable');
    this.title = body.title ?? '';
    this.detail = this.message;
    this.errors = body.errors ?? [];
    this.retryAfter = retryAfter;
  }

  /** Whether the same request may pass later. */
  get temporary() { return this.status === 0 || [408, 423, 425, 429, 502, 503, 504].includes(this.status); }
}

/** @param {number} status */
function sentenceFor(status) {
  if (!status) return t('The server can’t be reached.');
  return status === 413 ? t('The file is larger than the server’s limit.') : t('The server answered {status}.', { status });
}

const listeners = new Set();
/** Called with true after an answer and with false after none. @param {(reached: boolean) => void} listener */
export const onReached = (listener) => { listeners.add(listener); return () => listeners.delete(listener); };
/** Tell whether the service answers. @param {boolean} yes */
export const reached = (yes) => listeners.forEach((listener) => listener(yes));

/**
 * @typedef {object} Options
 * @property {string} [method]
 * @property {Record<string, unknown> | URLSearchParams} [query] values that are null, undefined or empty are left out
 * @property {unknown} [body] JSON, or a FormData, Blob or string as it is
 * @property {Record<string, string>} [headers]
 * @property {AbortSignal} [signal]
 * @property {boolean} [raw] give the Response
 */

/**
 * The JSON of an answer; null for 204.
 * @param {string} path below the API's root ("files/"), or a URL
 * @param {Options} [options]
 * @returns {Promise<any>}
 * @throws {Problem} also without an answer; an AbortError if it is aborted
 */
export async function api(path, { method = 'GET', query, body, headers = {}, signal, raw = false } = {}) {
  const asIs = body === undefined || typeof body === 'string' || body instanceof Blob || body instanceof FormData;
  const response = await sent(urlOf(path, query), {
    method,
    signal,
    headers: { ...COMMON, ...(asIs ? {} : { 'Content-Type': 'application/json' }), ...headers },
    body: /** @type {BodyInit} */ (asIs ? body : JSON.stringify(body)),
  });
  if (!response.ok) throw await problemOf(response);
  if (raw) return response;
  return response.status === 204 ? null : response.json();
}

const COMMON = {
  Accept: 'application/json',
  'Accept-Language': language,
  // What this page shows stays of one project, also when another window has changed to another one.
  ...(me?.kind === 'session' && { 'Picasso-Project': me.project }),
};

/** The URL of a path of the API. @param {string} path @param {Record<string, unknown> | URLSearchParams} [query] */
export function urlOf(path, query = {}) {
  const url = new URL(/^(https?:|\/)/.test(path) ? path : `${apiRoot}${path}`, location.href);
  const pairs = query instanceof URLSearchParams ? [...query] : Object.entries(query);
  for (const [name, value] of pairs) if (value !== undefined && value !== null && value !== '') url.searchParams.append(name, String(value));
  return url.href;
}

/** @param {string} url @param {RequestInit} init */
async function sent(url, init) {
  try {
    const response = await fetch(url, init);
    reached(![502, 504].includes(response.status));
    return response;
  } catch (error) {
    if (init.signal?.aborted) throw error;
    reached(false);
    throw new Problem(0);
  }
}

/** @param {Response} response */
async function problemOf(response) {
  const body = await response.json().catch(() => ({}));
  return new Problem(response.status, body, Number(response.headers.get('Retry-After')) || undefined);
}

/**
 * The pages of a list, each as {results, next, count?}.
 * @param {string} path
 * @param {{query?: Record<string, unknown>, signal?: AbortSignal}} [options] `page_size` is a parameter of the query
 */
export async function* list(path, { query = {}, signal } = {}) {
  for (let cursor = ''; cursor !== null;) {
    const parameters = new URLSearchParams(Object.entries(query).filter(([, value]) => value != null && value !== '').map(([name, value]) => [name, String(value)]));
    parameters.set('cursor', cursor);
    const url = new URL(urlOf(path));
    url.search = String(parameters);
    const page = await api(url.href, { signal });
    yield page;
    cursor = page.next ?? null;
  }
}
