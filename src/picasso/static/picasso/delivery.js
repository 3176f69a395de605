// One file's way to the service, by the IETF's resumable uploads (docs/uploads.md): through cuts, restarts and reloads.

import { exchange, sentence, urlOf } from './api.js';
import { claim, forget, printOf, read, recall, remember, sampleOf } from './memory.js';
import { uploadsUrl } from './page.js';

const MIB = 2 ** 20;

// What is no larger goes along with the request that creates the upload, and costs one round trip.
const SMALL = MIB;

// So much goes in one request: more after each that succeeds, less after a cut. Some proxies take no larger ones, or
// pass on only whole ones.
const FIRST_SLICE = 8 * MIB, LEAST_SLICE = MIB / 4, MOST_SLICE = 64 * MIB;

const FIRST_PAUSE = 1000, LAST_PAUSE = 30_000; // milliseconds

// Refusals that may have passed by the next time.
const PASSING = [408, 409, 423, 425, 429];

/** An answer that was not hoped for, or none. Only our service's own word is final; else it is a proxy's, or a portal's. */
class Trouble extends Error {
  constructor({ status, header, body }) {
    super(status ? sentence(status, body) : 'Connection lost');
    const ours = header('Content-Type')?.includes('problem+json');
    this.status = status;
    this.final = ours && status >= 400 && status < 500 && !PASSING.includes(status);
    this.wait = (Number(header('Retry-After')) || 0) * 1000;
  }
}

export class Delivery {
  continued = 0; // where it went on, if an earlier page had begun it
  expired = false; // whether it had to start anew, for the service had forgotten it
  #id; #key; #print; #sample; #release; #recalled;
  #offset = 0; // bytes that the service has for certain
  #sure = false; // whether it is what the service says just now
  #furthest = 0; // where it has been
  #failures = 0; // since it last got further
  #slice = FIRST_SLICE;
  #running; #stop; #early;

  /** `progress(bytes)` is called as they are sent; `lost(trouble, due)` when it waits until then, `trying()` when it ends. */
  constructor(file, listener) {
    this.file = file;
    this.listener = listener;
  }

  get small() { return this.file.size <= SMALL; }
  get stopped() { return Boolean(this.#stop?.signal.aborted); }

  /** The file as the service describes it. Throws what no further try would mend, and whatever once `stopped`. It can be run again then. */
  run() {
    this.#stop = new AbortController();
    this.#running = this.#run();
    return this.#running;
  }

  /** What has arrived stays. */
  stop() { this.#stop?.abort(); }

  /** Don't wait any longer. */
  goOn() { this.#early?.abort(); }

  /** Stop, and have the service forget what has arrived. */
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
    for (;;) {
      try {
        this.#stop.signal.throwIfAborted();
        const file = await this.#step();
        if (file) return this.#done(file);
      } catch (trouble) {
        await this.#outlive(trouble);
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
    if (!this.#release) return; // it is under way already: this is another upload of the same file
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

  /* ---- The protocol: each of these says the file, once it is whole ---- */

  #step() {
    if (!this.#id) return this.#create();
    return this.#sure ? this.#add() : this.#find();
  }

  async #create() {
    const { file, small } = this;
    const answer = await exchange('POST', uploadsUrl, {
      headers: {
        'Idempotency-Key': this.#key, // should the answer be lost, the next one is about the same upload
        'Upload-Complete': small ? '?1' : '?0',
        'Upload-Length': file.size,
        'Content-Disposition': `attachment; filename*=UTF-8''${encoded(file.name)}`,
        ...(file.type && { 'Content-Type': file.type }),
      },
      body: small ? file : null,
      signal: small ? this.#stop.signal : null, // else it has to be known, if only to be deleted
      progressed: (sent) => this.listener.progress(sent),
    });
    if (this.#hear(answer)) return answer.body;
    this.#id = answer.body.id;
    this.#remember();
    return null;
  }

  /** Where to go on. Ends what an earlier request may still be doing. */
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
    // Browsers send a request again by themselves when its connection breaks. By then, what it brings may be there: all of it
    // is told by this answer, some of it by that of a wrong offset.
    if (answer.status === 400 && answer.header('Content-Location')) return this.#fetch(answer);
    const whole = this.#hear(answer);
    this.#slice = Math.min(this.#slice * 2, MOST_SLICE);
    return whole ? answer.body : null;
  }

  // By its id alone: the service may know itself by another address than this page does.
  get #url() { return uploadsUrl + this.#id; }

  /** Whether it is whole, by an answer that tells where it is. */
  #hear(answer) {
    const told = answer.header('Upload-Offset'), offset = Number(told);
    const late = answer.status === 409 && offset > this.#furthest;
    if (told === null || !([201, 204].includes(answer.status) || late)) throw new Trouble(answer);
    if (this.#recalled) [this.continued, this.#recalled] = [offset, false];
    if (offset > this.#furthest) [this.#furthest, this.#failures] = [offset, 0];
    this.#offset = offset;
    this.#sure = true;
    this.listener.progress(offset);
    return answer.header('Upload-Complete') === '?1';
  }

  /* ---- Trouble ---- */

  async #outlive(trouble) {
    this.#stop.signal.throwIfAborted();
    if (this.#unknown(trouble)) return this.#startAnew(trouble);
    if (this.#isFinal(trouble)) throw trouble;
    await read(this.file.slice(this.#offset, this.#offset + 1)); // that it can't be looks like a cut as well
    this.#slice = Math.max(this.#slice / 2, LEAST_SLICE);
    this.#sure = false;
    await this.#pause(trouble);
  }

  /** Whether the service has forgotten the upload, or knows its key for another one's. */
  #unknown({ status, final }) {
    return final && ([410, 422].includes(status) || (status === 404 && this.#id));
  }

  #isFinal(trouble) {
    const tooMuchAtOnce = trouble.status === 413 && this.#id && this.#slice > LEAST_SLICE;
    return !(trouble instanceof Trouble) || (trouble.final && !tooMuchAtOnce);
  }

  async #startAnew(trouble) {
    this.#id = null;
    this.#key = newKey();
    this.#offset = this.#furthest = 0;
    this.continued = 0;
    this.expired = true;
    this.#remember();
    if (this.#failures) return this.#pause(trouble);
    this.#failures = 1; // lest it does nothing else
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

/** Delete an upload, however long it takes: while the connection is lost, and by the next page if need be. */
export async function abandon(print, upload) {
  if (print) remember(print, { ...upload, abandoned: true });
  for (let failures = 0; ; failures += 1) {
    const answer = await exchange('DELETE', uploadsUrl + upload.id);
    if (answer.status === 204 || new Trouble(answer).final) break;
    await rest(pauseAfter(failures));
  }
  if (print) forget(print, upload);
}

/** How much has arrived of an upload that is remembered: null if it is over, undefined if nobody answers. Ends no request. */
export async function arrived({ id }) {
  const answer = await exchange('GET', uploadsUrl + id);
  return answer.body?.complete || new Trouble(answer).final ? null : answer.body?.offset;
}

/** Up to a quarter less or more, so that not all who were cut off come back at once. */
const pauseAfter = (failures) => Math.min(FIRST_PAUSE * 2 ** failures, LAST_PAUSE) * (0.75 + Math.random() / 2);

/** For so many milliseconds, or until the browser is online again, or one of the signals comes. */
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

// `randomUUID` is not there on plain HTTP.
const newKey = () => crypto.getRandomValues(new Uint8Array(16)).reduce((text, byte) => text + byte.toString(16).padStart(2, '0'), '');

/** As RFC 8187 has it. */
const encoded = (name) => encodeURIComponent(name.toWellFormed()).replace(/['()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
