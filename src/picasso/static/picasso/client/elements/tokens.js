// Where the token of an element comes from: a function of the page, an address that gives one, or the attribute.

import { PicassoError } from '../errors.js';
import { claimsOf } from './limits.js';

/** @typedef {{token: string, tokenUrl: string, getToken: (() => string | Promise<string>) | null}} TokenSource */

const MARGIN = 10; // seconds before its end at which a token is asked for anew

export class Tokens {
  #source;
  /** @type {string | undefined} */
  #unused; // asked for to know the limits, and not sent yet

  /** @param {TokenSource} source */
  constructor(source) { this.#source = source; }

  /** For the client, which asks again only if the service has refused the last one. @returns {Promise<string>} */
  async next() {
    const unused = this.#unused;
    this.#unused = undefined;
    return unused && isFresh(unused) ? unused : this.#ask();
  }

  /** What it allows, before anything is sent. Nothing if there is none yet. */
  async claims() {
    this.#unused ??= await this.#ask().catch(() => undefined);
    return claimsOf(this.#unused);
  }

  async #ask() {
    const { getToken, tokenUrl, token } = this.#source;
    try {
      if (getToken) return String(await getToken() ?? '');
      return tokenUrl ? await fetched(tokenUrl) : token;
    } catch (cause) {
      throw cause instanceof PicassoError ? cause : refused(403, cause);
    }
  }
}

/** @param {string} token */
function isFresh(token) {
  const { exp } = claimsOf(token);
  return typeof exp !== 'number' || exp - MARGIN > Date.now() / 1000;
}

/** The token itself, or JSON with `token`. The page's own server knows by its cookies who asks. @param {string} url */
async function fetched(url) {
  const answer = await fetch(url, { headers: { Accept: 'application/json, text/plain' }, credentials: 'same-origin', cache: 'no-store' })
    .catch((cause) => { throw refused(0, cause); });
  if (!answer.ok) throw refused(answer.status);
  const text = (await answer.text()).trim();
  return text.startsWith('{') ? JSON.parse(text).token : text;
}

/** A status of 0 or from 500 on is tried again. @param {number} status @param {unknown} [cause] */
const refused = (status, cause) => new PicassoError({ status, cause, code: 'no-token', detail: 'The page got no token.' });
