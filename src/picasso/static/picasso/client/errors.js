// What goes wrong, and whether it may be over at the next attempt.

// The same table as in the client for Python (retries.py).
const TEMPORARY = new Set([408, 423, 425, 429, 460, 500, 502, 503, 504, 507]);
const TEMPORARY_CONFLICTS = new Set(['idempotency-key-in-use', 'mismatching-upload-offset', 'superseded']);

/** An error answer, or no answer at all. */
export class PicassoError extends Error {
  /** @param {import('./index.d.ts').PicassoErrorFields} fields */
  constructor({ status = 0, code, title = '', detail, errors = [], retryAfter, isFromPicasso = false, cause }) {
    super(`${code}: ${detail}`, { cause });
    this.name = 'PicassoError';
    this.status = status;
    this.code = code;
    this.title = title;
    this.detail = detail;
    this.errors = errors;
    this.retryAfter = retryAfter;
    this.isFromPicasso = isFromPicasso;
    /** @type {string | undefined} */
    this.uploadUrl = undefined;
  }

  /** Whether the same request may succeed later. */
  get isTemporary() {
    if (!this.isFromPicasso) return this.status < 400 || this.status >= 500 || TEMPORARY.has(this.status);
    return TEMPORARY.has(this.status) || TEMPORARY_CONFLICTS.has(this.code);
  }
}

/**
 * The error that a response is. Only `application/problem+json` comes from Picasso itself: anything else is from a proxy,
 * a captive portal, or another program at that address.
 * @param {Response} response
 */
export async function errorOf(response) {
  const { status } = response, retryAfter = secondsOf(response.headers.get('Retry-After'));
  const isFromPicasso = /\bproblem\+json\b/.test(response.headers.get('Content-Type') ?? '');
  const body = isFromPicasso && (await response.json().catch(() => null));
  if (body) {
    const { code = 'internal-error', title, detail = title, errors } = body;
    return new PicassoError({ status, code, title, detail, errors, retryAfter, isFromPicasso });
  }
  await response.body?.cancel().catch(() => {});
  return notFromPicasso(status, retryAfter);
}

/** @param {number} status @param {number} [retryAfter] */
export const notFromPicasso = (status, retryAfter) => new PicassoError({
  status, retryAfter, code: 'not-picasso', detail: `The answer ${status} is not from Picasso. Is the URL right, and what does the proxy say?`,
});

/** @param {unknown} cause */
export const noAnswer = (cause) => new PicassoError({
  code: 'no-answer', cause, detail: `The service can't be reached, or the connection broke (${reason(cause)}).`,
});

/** @param {any} error */
const reason = (error) => error?.cause?.code ?? error?.cause?.message ?? error?.message ?? error;

/** Seconds or a date: RFC 9110 §10.2.3. @param {string | null} text */
function secondsOf(text) {
  if (!text) return undefined;
  const seconds = /^\d+$/.test(text) ? Number(text) : (Date.parse(text) - Date.now()) / 1000;
  return Number.isFinite(seconds) ? Math.max(0, seconds) : undefined;
}

/**
 * The error with the address of the upload. One signal may stop many uploads: each gets an `AbortError` of its own.
 * @param {unknown} error @param {string} uploadUrl
 */
export function withUrl(error, uploadUrl) {
  if (error instanceof PicassoError) error.uploadUrl = uploadUrl;
  if (!(error instanceof DOMException)) return error; // the application's own reason
  return Object.assign(new DOMException(error.message, error.name), { cause: error, uploadUrl });
}

/** The upload is over, and something behind it has failed. @param {string | undefined} id @param {string} what @param {unknown} error */
export function aboutStored(id, what, error) {
  if (!(error instanceof PicassoError)) return error;
  return new PicassoError({ ...error, detail: `The file ${id} is stored, ${what}: ${error.detail}`, cause: error });
}

/** Whether the head of a request was too long for whoever has answered. @param {PicassoError} error */
export const isHeadRefused = ({ status, code, isFromPicasso }) => status >= 400 && status < 500 && (!isFromPicasso || code === 'headers-too-large');

/** @param {unknown} error @returns {never} */
export function raise(error) { throw error; }
