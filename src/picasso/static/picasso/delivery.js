// Uploads one file with the IETF protocol for resumable uploads (docs/uploads.md): survives lost connections, restarts
// of the service and reloads of the page.

import { uploadsUrl, urlOf } from './console/uploads/addresses.js';
import { read, sampleOf } from './console/uploads/content.js';
import { exchange } from './console/uploads/exchange.js';
import { claim, forget, printOf, recall, remember } from './console/uploads/memory.js';
import { Trouble } from './console/uploads/trouble.js';

const MIB = 2 ** 20;

// Files up to this size are sent with the request that creates the upload: one round trip.
export const SMALL = MIB;

// Bytes per request: more after each success, less after a lost connection. Some proxies limit the size of a request, or
// pass it on only when it is complete.
const FIRST_SLICE = 8 * MIB, LEAST_SLICE = MIB / 4, MOST_SLICE = 64 * MIB;

const FIRST_PAUSE = 1000, LAST_PAUSE = 30_000; // milliseconds

const MOST_RESTARTS = 3; // of an upload that the service no longer has

export class Delivery {
  continued = 0; // the offset at which it continued an upload of an earlier page
  expired = false; // whether it started again because the earlier upload had expired
  #id; #key; #print; #sample; #release; #recalled;
  #offset = 0; // bytes that the service has confirmed
  #sure = false; // whether #offset is current
  #furthest = 0; // the largest offset so far
  #failures = 0; // since the last progress
  #slice = FIRST_SLICE;
  #inPieces = false; // a small file too, where a proxy refuses a request of its size
  #restarts = 0;
  #running; #stop; #early;

  /** Calls `progress(bytes)` while sending, `lost(trouble, due)` before it waits until `due`, and `trying()` after. */
  constructor(file, listener, { pipeline = '', tags = [] } = {}) {
    this.file = file;
    this.listener = listener;
    this.wishes = new URLSearchParams({ ...(pipeline && { pipeline }), ...(tags.length > 0 && { tags: JSON.stringify(tags) }) });
  }

  get small() { return this.file.size <= SMALL && !this.#inPieces; }
  get stopped() { return Boolean(this.#stop?.signal.aborted); }

  /** Returns the file as the service describes it. Throws final errors, and any error once `stopped`; then it can run again. */
  run() {
    this.#stop = new AbortController();
    this.#running = this.#run();
    return this.#running;
  }

  /** The service keeps what it has received. */
  stop() { this.#stop?.abort(); }

  /** End the current waiting time. */
  goOn() { this.#early?.abort(); }

  /** Stop, and delete the upload in the service. */
  async cancel() {
    this.stop();
    await this.#running?.catch(() => {});
    if (this.#id) abandon(this.#print, this.#known);
    else this.#forget();
    this.#release?.();
  }

  async #run() {
    await this.#recall();
    this.#sure = false;
    this.#restarts = 0;
    for (;;) {
      try {
        this.#stop.signal.throwIfAborted();
        const file = await this.#step();
        if (file) return this.#done(file);
      } catch (trouble) {
        await this.#recover(trouble);
      }
    }
  }

  async #recall() {
    if (this.#key) return;
    if (!this.small) await this.#claim();
    this.#key ??= newKey();
    this.#remember();
  }

  async #claim() {
    this.#sample = await sampleOf(this.file);
    const print = printOf(this.file);
    this.#release = await claim(print);
    if (!this.#release) return; // the file is already being uploaded: this is a second upload of it
    this.#print = print;
    const known = recall(print);
    if (known && !known.abandoned) this.#take(known);
  }

  #take(known) {
    if (known.sample === this.#sample) {
      [this.#id, this.#key, this.#recalled] = [known.id, known.key, true];
    } else if (known.id) {
      abandon(this.#print, known);
    }
  }

  get #known() { return { id: this.#id, key: this.#key, sample: this.#sample }; }
  #remember() { if (this.#print) remember(this.#print, this.#known); }
  #forget() { if (this.#print) forget(this.#print, this.#known); }

  #done(file) {
    this.#forget();
    this.#release?.();
    return file;
  }

  /* ---- The protocol: each of these returns the file when the upload is complete ---- */

  #step() {
    if (!this.#id) return this.#create();
    return this.#sure ? this.#add() : this.#find();
  }

  async #create() {
    const { file, small } = this;
    const answer = await exchange('POST', `${uploadsUrl}${this.wishes.size ? '?' : ''}${this.wishes}`, {
      headers: {
        'Idempotency-Key': this.#key, // if the answer is lost, the next request finds the same upload
        'Upload-Complete': small ? '?1' : '?0',
        'Upload-Length': file.size,
        'Content-Disposition': `attachment; filename*=UTF-8''${encoded(file.name)}`,
        ...(file.type && { 'Content-Type': file.type }),
      },
      body: small ? file : null,
      signal: small ? this.#stop.signal : null, // otherwise the upload must be known, at least to delete it
      progressed: (sent) => this.listener.progress(sent),
    });
    if (this.#hear(answer)) return answer.body;
    this.#id = answer.body.id;
    this.#remember();
    return null;
  }

  /** Ask for the offset. This also ends an earlier request that is still in progress. */
  async #find() {
    const answer = await exchange('HEAD', this.#url, { signal: this.#stop.signal });
    const whole = this.#hear(answer);
    this.#remember();
    return whole ? this.#fetch(answer) : null;
  }

  async #fetch({ header }) {
    const id = header('Content-Location').split('/').at(-2);
    const answer = await exchange('GET', urlOf(id), { signal: this.#stop.signal });
    if (answer.status !== 200) throw new Trouble(answer);
    return answer.body;
  }

  async #add() {
    const file = this.file, offset = this.#offset, end = Math.min(offset + this.#slice, file.size);
    const answer = await exchange('PATCH', this.#url, {
      headers: {
        'Content-Type': 'application/partial-upload',
        'Upload-Offset': offset,
        'Upload-Complete': end === file.size ? '?1' : '?0',
      },
      body: file.slice(offset, end),
      signal: this.#stop.signal,
      progressed: (sent) => this.listener.progress(offset + sent),
    });
    // Browsers repeat a request by themselves when its connection breaks. Its content may have arrived by then: if all of
    // it, this is the answer; if a part, the answer is a wrong offset.
    if (answer.status === 400 && answer.header('Content-Location')) return this.#fetch(answer);
    const whole = this.#hear(answer);
    this.#slice = Math.min(this.#slice * 2, MOST_SLICE);
    return whole ? answer.body : null;
  }

  // From the id only: the public address of the service may differ from the one of this page.
  get #url() { return uploadsUrl + this.#id; }

  /** Read the offset from an answer. Returns whether the upload is complete. */
  #hear(answer) {
    const text = answer.header('Upload-Offset'), offset = Number(text);
    const late = answer.status === 409 && offset > this.#furthest;
    if (text === null || !([201, 204].includes(answer.status) || late)) throw new Trouble(answer);
    if (this.#recalled) [this.continued, this.#recalled] = [offset, false];
    if (offset > this.#furthest) [this.#furthest, this.#failures] = [offset, 0];
    this.#offset = offset;
    this.#sure = true;
    this.listener.progress(offset);
    return answer.header('Upload-Complete') === '?1';
  }

  /* ---- Errors ---- */

  async #recover(trouble) {
    this.#stop.signal.throwIfAborted();
    if (!(trouble instanceof Trouble)) throw trouble;
    if (trouble.tooMuchAtOnce) return this.#sendLess(trouble);
    if (this.#unknown(trouble)) return this.#startAgain(trouble);
    if (trouble.final) throw trouble;
    await read(this.file.slice(this.#offset, this.#offset + 1)); // an unreadable file looks like a lost connection too
    this.#slice = Math.max(this.#slice / 2, LEAST_SLICE);
    this.#sure = false;
    await this.#pause(trouble);
  }

  /** A proxy refuses the size of the request. No time helps, but smaller requests may. */
  #sendLess(trouble) {
    if (this.#slice <= LEAST_SLICE) throw trouble;
    this.#slice = this.#id ? Math.max(Math.min(this.#slice, this.file.size) / 2, LEAST_SLICE) : MIB / 2;
    this.#sure = false;
    if (this.#id) return;
    this.#inPieces = true;
    this.#key = newKey(); // the next request is another one
  }

  /** Whether the service no longer has the upload, or has its key for a different one. */
  #unknown({ code }) {
    return ['gone', 'idempotency-key-reused'].includes(code) || (code === 'not-found' && this.#id);
  }

  async #startAgain(trouble) {
    this.#restarts += 1;
    if (this.#restarts > MOST_RESTARTS) throw trouble;
    this.#id = null;
    this.#key = newKey();
    this.#offset = this.#furthest = 0;
    this.continued = 0;
    this.expired = true;
    this.#remember();
    if (this.#failures) return this.#pause(trouble);
    this.#failures = 1; // so that it does not repeat this at once
  }

  async #pause(trouble) {
    const pause = Math.max(trouble.wait, pauseAfter(this.#failures)), wasOnline = navigator.onLine;
    this.#failures += 1;
    this.#early = new AbortController();
    this.listener.lost(trouble, Date.now() + pause);
    await rest(pause, this.#stop.signal, this.#early.signal);
    this.#stop.signal.throwIfAborted();
    if (navigator.onLine && !wasOnline) this.#failures = 0;
    this.listener.trying();
  }
}

/** Delete an upload. Repeats until it succeeds; the next page continues if this one is closed. */
export async function abandon(print, upload) {
  if (print) remember(print, { ...upload, abandoned: true });
  for (let failures = 0; ; failures += 1) {
    const answer = await exchange('DELETE', uploadsUrl + upload.id);
    if (answer.status === 204 || new Trouble(answer).final) break;
    await rest(pauseAfter(failures));
  }
  if (print) forget(print, upload);
}

/** A stored upload as the service describes it: null if it has ended, undefined without an answer. Interrupts no other request. */
export async function stateOf({ id }) {
  const answer = await exchange('GET', uploadsUrl + id), { problem } = new Trouble(answer);
  if (answer.status === 200) return answer.body.complete ? null : answer.body;
  return problem && [404, 410].includes(answer.status) ? null : undefined;
}

/** With up to 25 % jitter, so that not all interrupted clients return at the same time. */
const pauseAfter = (failures) => Math.min(FIRST_PAUSE * 2 ** failures, LAST_PAUSE) * (0.75 + Math.random() / 2);

/** Wait for this many milliseconds, or until the browser is online again, or one of the signals is aborted. */
async function rest(milliseconds, ...signals) {
  if (signals.some(({ aborted }) => aborted)) return;
  const over = new AbortController();
  await new Promise((done) => {
    setTimeout(done, milliseconds);
    addEventListener('online', done, { signal: over.signal });
    for (const each of signals) each.addEventListener('abort', done, { signal: over.signal });
  });
  over.abort();
}

// Plain HTTP has no `randomUUID`.
const newKey = () => crypto.getRandomValues(new Uint8Array(16)).reduce((text, byte) => text + byte.toString(16).padStart(2, '0'), '');

/** Encoded as in RFC 8187. */
const encoded = (name) => encodeURIComponent(name.toWellFormed()).replace(/['()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
