// Sends one request. Adds to `fetch` what uploads need: progress, and an end when no data moves.

import { noAnswer } from './errors.js';

const QUIET = 60_000; // milliseconds without data after which a connection counts as lost
const QUIET_AT_END = 330_000; // the same when everything is sent: the service writes a large file to its disk

export const IS_NODE = Boolean(/** @type {any} */ (globalThis).process?.versions?.node);

/**
 * @typedef {object} Sending
 * @property {Record<string, string>} [headers]
 * @property {string | import('./sources.js').Piece} [body]
 * @property {AbortSignal} [signal]
 * @property {(bytes: number) => void} [onSent] bytes of the body so far
 * @property {typeof fetch} [fetch]
 * @property {boolean} [streams] whether the answer is read while it arrives; otherwise it is read here
 */

/**
 * The answer, whatever its status. Throws `PicassoError` without one, and the reason of the signal once it is aborted.
 * @param {string} method
 * @param {string} url
 * @param {Sending} sending
 */
export async function send(method, url, sending) {
  const quiet = new Quiet(sending.signal);
  try {
    return await (usesXhr(sending) ? sendByXhr : sendByFetch)(method, url, sending, quiet);
  } catch (error) {
    sending.signal?.throwIfAborted();
    throw noAnswer(error);
  } finally {
    quiet.end();
  }
}

// In a browser, only XMLHttpRequest tells how much of a body is sent.
/** @param {Sending} sending */
const usesXhr = ({ body, fetch }) => !fetch && body instanceof Blob && typeof XMLHttpRequest === 'function';

/** Aborts a request when the caller does, or when nothing has moved for too long. */
class Quiet {
  #controller = new AbortController();
  #over = new AbortController();
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;

  /** @param {AbortSignal} [signal] */
  constructor(signal) {
    if (signal?.aborted) this.#controller.abort(signal.reason);
    signal?.addEventListener('abort', () => this.#controller.abort(signal.reason), { signal: this.#over.signal });
    this.moved();
  }

  get signal() { return this.#controller.signal; }

  /** After the end, what was read ahead of a body may still move: it starts no timer, which would keep Node running. */
  moved(limit = QUIET) {
    clearTimeout(this.#timer);
    if (this.#over.signal.aborted) return;
    this.#timer = setTimeout(() => this.#controller.abort(new Error(`nothing moved for ${limit / 1000} s`)), limit);
  }

  end() {
    clearTimeout(this.#timer);
    this.#over.abort();
  }
}

/** @param {string} method @param {string} url @param {Sending} sending @param {Quiet} quiet */
async function sendByFetch(method, url, { headers, body, onSent, streams, fetch = globalThis.fetch }, quiet) {
  /** @type {RequestInit & {duplex?: 'half'}} */
  const init = { method, headers, signal: quiet.signal, redirect: 'follow', cache: 'no-store' };
  if (typeof body === 'string') init.body = body;
  else if (body && IS_NODE) Object.assign(init, counted(body, onSent, quiet), { headers: { ...headers, 'Content-Length': String(body.size) } });
  else if (body) { // browsers can't stream the body of a request over HTTP/1.1
    init.body = /** @type {Blob} */ (body);
    quiet.moved(QUIET_AT_END);
  }
  const response = await fetch(url, init);
  return streams ? response : bodyRead(response);
}

/** @param {Response} response */
async function bodyRead(response) {
  const { status, headers } = response, text = await response.text();
  return new Response(text || null, { status, headers });
}

/** @param {import('./sources.js').Piece} piece @param {Sending['onSent']} onSent @param {Quiet} quiet */
function counted(piece, onSent, quiet) {
  let sent = 0;
  const count = new TransformStream({
    transform(/** @type {Uint8Array} */ bytes, controller) {
      sent += bytes.byteLength;
      quiet.moved(sent < piece.size ? QUIET : QUIET_AT_END);
      onSent?.(sent);
      controller.enqueue(bytes);
    },
  });
  return { body: piece.stream().pipeThrough(count), duplex: 'half' };
}

/** @param {string} method @param {string} url @param {Sending} sending @param {Quiet} quiet @returns {Promise<Response>} */
async function sendByXhr(method, url, { headers = {}, body, onSent }, quiet) {
  const xhr = new XMLHttpRequest();
  await new Promise((done) => {
    xhr.upload.addEventListener('progress', ({ loaded, total }) => {
      quiet.moved(loaded < total ? QUIET : QUIET_AT_END);
      onSent?.(loaded);
    });
    xhr.addEventListener('loadend', done);
    quiet.signal.addEventListener('abort', () => xhr.abort());
    xhr.open(method, url);
    for (const [name, value] of Object.entries(headers)) xhr.setRequestHeader(name, value);
    if (quiet.signal.aborted) done(null);
    else xhr.send(/** @type {Blob} */ (body));
  });
  if (xhr.status < 200) throw quiet.signal.aborted ? quiet.signal.reason : new Error('connection lost');
  return responseOf(xhr);
}

/** @param {XMLHttpRequest} xhr */
function responseOf(xhr) {
  const lines = xhr.getAllResponseHeaders().trim().split(/[\r\n]+/).filter(Boolean);
  const headers = lines.map((line) => /** @type {[string, string]} */ ([line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1).trim()]));
  const hasBody = ![204, 205, 304].includes(xhr.status);
  return new Response(hasBody ? xhr.responseText : null, { status: xhr.status, headers });
}
