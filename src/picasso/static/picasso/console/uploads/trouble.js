// What went wrong with a request of an upload, and whether it makes sense to repeat it.

import { t } from '../core/words.js';

/** Of answers without a body. */
const CODES = { 401: 'unauthorized', 403: 'forbidden', 404: 'not-found', 410: 'gone' };

const TEMPORARY = [408, 409, 423, 425, 429]; // may be over at the next attempt

/**
 * An error answer, or no answer. Only an answer of our own service is final; others come from a proxy or a portal.
 * `problem` is the problem document of our own service, or null; `code` its code.
 */
export class Trouble extends Error {
  /** @param {import('./exchange.js').Answer} answer */
  constructor({ status, header, body }) {
    super(sentence(status, body));
    this.status = status;
    this.problem = header('Content-Type')?.includes('problem+json') ? body ?? {} : null; // the answer to a HEAD has no body
    this.code = this.problem ? this.problem.code ?? CODES[status] ?? '' : '';
    this.final = Boolean(this.problem) && isFinal(status);
    this.wait = (Number(header('Retry-After')) || 0) * 1000;
  }

  /** Whether something in front of the service takes no requests of this size. Our own limit has a code. */
  get tooMuchAtOnce() { return this.status === 413 && !this.problem; }
}

/** A full disk (507) is not repeated by itself either: nobody knows when, and what was sent is kept. */
const isFinal = (status) => status === 507 || (status >= 400 && status < 500 && !TEMPORARY.includes(status));

/** The most specific sentence in a problem document; every part of it may be missing. */
function sentence(status, body) {
  const fields = Object.values(body?.errors ?? {}).flat(2).map((error) => error?.detail ?? error?.message ?? error);
  const words = [body?.detail, ...fields, body?.title].find((word) => word && typeof word === 'string');
  return words ?? (status ? t('The server answered {status}.', { status }) : '');
}
