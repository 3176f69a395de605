// The service: its addresses, who sends the requests, and what is tried again.

import { errorOf, notFromPicasso, PicassoError } from './errors.js';
import { Attempts, rest } from './pauses.js';
import { send } from './transport.js';

/** @import { PicassoOptions } from './index.d.ts' */
/** @import { Sending } from './transport.js' */

const API = '/api/v1.0/';
const RETRIES = 10;
const RETRIES_OF_CALLS = 4; // of requests that somebody waits for
const FIRST_PAUSE = 1000; // milliseconds
const REFUSALS = new Set([408, 423, 425, 429, 460, 503]); // with which the service says that it has done nothing
const NO_CONNECTION = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'UND_ERR_CONNECT_TIMEOUT']);

/**
 * @typedef {object} Call
 * @property {URLSearchParams} [query]
 * @property {Record<string, string>} [headers]
 * @property {unknown} [json] the body
 * @property {AbortSignal} [signal]
 * @property {(headers: Headers) => void} [onHeaders]
 * @property {boolean} [repeats] whether it may be sent twice; as GET, HEAD and DELETE
 */

export class Service {
  /** @type {Promise<string> | undefined} */
  #token;
  #options;

  /** @param {PicassoOptions} options */
  constructor(options) {
    const url = String(options.url ?? globalThis.location?.origin ?? '');
    if (!/^https?:/.test(url)) throw new TypeError('Picasso needs the URL of the service: new Picasso({ url: "https://files.example.com" }).');
    this.root = url.split(/[?#]/)[0].replace(/\/+$/, '').replace(/\/api\/v1\.0$/, '') + API;
    this.#options = options;
  }

  /** How failures are counted. @param {number} [most] */
  attempts(most = Infinity) {
    const { retries = RETRIES, retryDelay = FIRST_PAUSE } = this.#options;
    return new Attempts(Math.min(retries, most), retryDelay);
  }

  /** An upload's address, from its id only: the public address of the service may differ from the one used here. @param {string} id */
  uploadUrl(id) { return `${this.root}uploads/${id}`; }

  /**
   * The answer, whatever its status. After a 401 it asks for a new token and sends the request once more.
   * @param {string} method
   * @param {string} url
   * @param {Sending} [sending]
   */
  async exchange(method, url, sending = {}) {
    const { getToken } = this.#options, token = await this.#currentToken();
    const response = await this.#send(method, url, sending, token);
    if (response.status !== 401 || !getToken) return response;
    if (token === await this.#token) this.#token = undefined; // unless somebody else has got a new one
    return this.#send(method, url, sending, await this.#currentToken());
  }

  /** @param {string} method @param {string} url @param {Sending} sending @param {string | undefined} token */
  #send(method, url, sending, token) {
    const { fetch, headers: always } = this.#options;
    const headers = { Accept: 'application/json', ...always, ...sending.headers };
    if (token) Object.assign(headers, { Authorization: `Bearer ${token}` });
    return send(method, url, { ...sending, headers, fetch });
  }

  /** @returns {Promise<string | undefined>} */
  async #currentToken() {
    const { key, token, getToken } = this.#options;
    if (!getToken) return key ?? token;
    this.#token ??= Promise.resolve().then(getToken);
    return this.#token.catch((error) => { this.#token = undefined; throw error; });
  }

  /**
   * A request to the API and its JSON; undefined for an answer without content. Throws `PicassoError`.
   * @param {string} method
   * @param {string} path below the root
   * @param {Call} [call]
   * @returns {Promise<any>}
   */
  async call(method, path, { query, headers, json, signal, onHeaders, repeats = method !== 'POST' } = {}) {
    const url = withQuery(this.root + path, query), attempts = this.attempts(RETRIES_OF_CALLS);
    const body = json === undefined ? undefined : JSON.stringify(json);
    const typed = { ...(body && { 'Content-Type': 'application/json' }), ...headers };
    for (;;) {
      try {
        const response = await this.exchange(method, url, { headers: typed, body, signal });
        onHeaders?.(response.headers);
        return await contentOf(response);
      } catch (error) {
        if (isDoneBefore(method, error, attempts)) return undefined;
        if (!(repeats || isRefused(error)) || !isTemporary(error) || attempts.areUsedUp) throw error;
        attempts.mayBeDone ||= !isRefused(error);
        await rest(attempts.next(error.retryAfter), signal);
      }
    }
  }
}

/** @param {string} url @param {URLSearchParams} [query] */
export const withQuery = (url, query) => (String(query ?? '') ? `${url}?${query}` : url);

/** @param {unknown} error @returns {error is PicassoError} */
export const isTemporary = (error) => error instanceof PicassoError && error.isTemporary;

/** Whether the service has done nothing. @param {unknown} error */
const isRefused = (error) => error instanceof PicassoError && (error.isFromPicasso ? REFUSALS.has(error.status) : wasNotSent(error.cause));

/** Whether there was no connection; only Node tells. @param {any} fault */
const wasNotSent = (fault) => NO_CONNECTION.has(fault?.cause?.code);

/** Whether an earlier attempt deleted it, and its answer was lost. @param {string} method @param {unknown} error @param {Attempts} attempts */
function isDoneBefore(method, error, { mayBeDone }) {
  return method === 'DELETE' && mayBeDone && error instanceof PicassoError && [404, 410].includes(error.status) && error.isFromPicasso;
}

/** @param {Response} response */
async function contentOf(response) {
  if (!response.ok) throw await errorOf(response);
  if (response.status === 204) return undefined;
  return jsonOf(response);
}

/** @param {Response} response @returns {Promise<any>} */
export async function jsonOf(response) {
  const isJson = /\bjson\b/.test(response.headers.get('Content-Type') ?? '');
  if (!isJson) throw notFromPicasso(response.status);
  return response.json().catch(() => { throw notFromPicasso(response.status); });
}
