// Follows events: server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html) by fetch, because an
// EventSource can send no key.

import { errorOf, noAnswer, notFromPicasso } from './errors.js';
import { Attempts, rest } from './pauses.js';
import { isTemporary, withQuery } from './service.js';

/** @import { EventsOptions, FollowedEvent } from './index.d.ts' */
/** @import { Service } from './service.js' */

const QUIET = 45_000; // milliseconds; the service sends a comment every 15 seconds
const RETRY = 1000; // milliseconds

/** Events in their order, none missed and none twice. Connects at once; iterate it one time. */
export class EventStream {
  #service;
  #query;
  #signal;
  #stop = new AbortController();
  #attempts;
  #messages;
  /** @type {number | undefined} */
  #position;
  /** @type {Promise<IteratorResult<FollowedEvent | undefined>>} */
  #first;

  /** @param {Service} service @param {EventsOptions} options */
  constructor(service, { after, types = [], file, owner, tag, signal }) {
    this.#service = service;
    this.#position = after;
    this.#query = new URLSearchParams(Object.entries({ type: [types].flat().join(','), file, owner, tag }).flatMap(([name, value]) => (value ? [[name, value]] : [])));
    this.#signal = signal;
    if (signal?.aborted) this.#stop.abort(signal.reason);
    signal?.addEventListener('abort', () => this.#stop.abort(signal.reason), { once: true });
    this.#attempts = new Attempts(Infinity, RETRY);
    this.#messages = this.#all();
    this.#first = this.#messages.next();
    this.opened = this.#first.then(() => /** @type {number} */ (this.#position));
    this.opened.catch(() => {}); // whoever iterates gets it
  }

  close() { this.#stop.abort(new DOMException('The stream was closed.', 'AbortError')); }

  /** Ends when it is closed; throws the reason of the signal once that is aborted. @returns {AsyncGenerator<FollowedEvent, void, undefined>} */
  async *[Symbol.asyncIterator]() {
    try {
      for (let next = await this.#first; !next.done; next = await this.#messages.next()) {
        if (next.value) yield next.value;
      }
    } catch (error) {
      if (!this.#stop.signal.aborted || this.#signal?.aborted) throw error;
    } finally {
      this.close();
    }
  }

  /** Over all connections; undefined when the first one stands. @returns {AsyncGenerator<FollowedEvent | undefined, void, undefined>} */
  async *#all() {
    let stands = false;
    for (;;) {
      try {
        for await (const message of messagesOf(await this.#connect(), this.#stop.signal)) {
          this.#attempts.succeeded();
          if (message.retry) this.#attempts.firstPause = message.retry;
          const event = this.#eventOf(message);
          if (event || !stands) yield event;
          stands = true;
        }
      } catch (error) {
        this.#stop.signal.throwIfAborted();
        if (!isTemporary(error)) throw error;
        await rest(this.#attempts.next(error.retryAfter), this.#stop.signal);
        continue;
      }
      await rest(this.#attempts.next(), this.#stop.signal);
    }
  }

  async #connect() {
    const headers = {
      Accept: 'text/event-stream',
      ...(this.#position !== undefined && { 'Last-Event-ID': String(this.#position) }),
    };
    const url = withQuery(`${this.#service.root}events/`, this.#query);
    const response = await this.#service.exchange('GET', url, { headers, signal: this.#stop.signal, streams: true });
    if (!response.ok) throw await errorOf(response);
    const isStream = response.headers.get('Content-Type')?.startsWith('text/event-stream');
    if (!isStream || !response.body) throw notFromPicasso(response.status);
    return response.body;
  }

  /** @param {Message} message @returns {FollowedEvent | undefined} */
  #eventOf({ id, type, data }) {
    const before = this.#position, number = id ? Number(id) : before;
    if (type === 'reset') {
      this.#position = number;
      return { type, ...parsed(data) };
    }
    if (number !== undefined && number > (before ?? -1)) this.#position = number;
    if (!data) return undefined;
    const event = parsed(data);
    return before === undefined || event.seq > before ? event : undefined;
  }
}

/** @param {string} data @returns {any} */
function parsed(data) {
  try { return JSON.parse(data); } catch { throw notFromPicasso(200); }
}

/** @typedef {{id: string, type: string, data: string, retry?: number}} Message */

/** The messages of one connection; one without data has only a number. @param {ReadableStream<Uint8Array>} body @param {AbortSignal} signal */
async function* messagesOf(body, signal) {
  /** @type {Partial<Message>} */
  let message = {};
  let id = '';
  for await (const line of linesOf(body, signal)) {
    if (line === '') {
      if (Object.keys(message).length) yield { type: 'message', data: '', ...message, id: id = message.id ?? id };
      message = {};
    } else {
      addField(message, line);
    }
  }
}

/** @param {Partial<Message>} message @param {string} line */
function addField(message, line) {
  const [, name, value] = /** @type {RegExpExecArray} */ (/^([^:]*)(?:: ?)?(.*)$/s.exec(line));
  if (name === 'id' && !value.includes('\0')) message.id = value;
  else if (name === 'event') message.type = value;
  else if (name === 'data') message.data = message.data === undefined ? value : `${message.data}\n${value}`;
  else if (name === 'retry' && /^\d+$/.test(value)) message.retry = Number(value);
}

/** Whole lines only: what a broken connection has left behind the last one is dropped. @param {ReadableStream<Uint8Array>} body @param {AbortSignal} signal */
async function* linesOf(body, signal) {
  const reader = body.pipeThrough(/** @type {ReadableWritablePair<string, Uint8Array>} */ (new TextDecoderStream())).getReader();
  const cancel = () => { reader.cancel().catch(() => {}); };
  signal.addEventListener('abort', cancel);
  let rest = '';
  try {
    for (;;) {
      const { done, value } = await inTime(reader.read());
      signal.throwIfAborted();
      if (done) return;
      const lines = (rest + value).split(/\r\n|\n|\r(?=[^\n])/);
      rest = /** @type {string} */ (lines.pop());
      yield* lines;
    }
  } catch (error) {
    throw noAnswer(error);
  } finally {
    signal.removeEventListener('abort', cancel);
    cancel();
  }
}

/** Only while somebody reads: a slow reader is no broken connection. @template T @param {Promise<T>} read @returns {Promise<T>} */
async function inTime(read) {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  const late = new Promise((_, failed) => { timer = setTimeout(() => failed(new Error(`nothing came for ${QUIET / 1000} s`)), QUIET); });
  try {
    return /** @type {T} */ (await Promise.race([read, late]));
  } finally {
    clearTimeout(timer);
  }
}
