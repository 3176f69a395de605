// Uploads one file: a small one in one request, others by tus 1.0.0 (https://tus.io/protocols/resumable-upload).

import { isLong, smallRequest, uploadMetadata } from './description.js';
import { aboutStored, errorOf, isHeadRefused, noAnswer, notFromPicasso, PicassoError, raise, withUrl } from './errors.js';
import { idIn, newKey } from './ids.js';
import { rest } from './pauses.js';
import { jsonOf, withQuery } from './service.js';

/** @import { FileInfo, Unfinished, UploadOptions } from './index.d.ts' */
/** @import { Service } from './service.js' */
/** @import { Source } from './sources.js' */
/** @import { Memory } from './store.js' */

const MIB = 2 ** 20;
export const SMALL = MIB; // bytes; up to here a file is sent in one request
export const WINDOW = 8 * MIB; // bytes of a stream in one request
const FIRST_SLICE = 8 * MIB, LEAST_SLICE = MIB / 4; // bytes, where a proxy refuses large requests
const MOST_RESTARTS = 2;
const TUS = { 'Tus-Resumable': '1.0.0' };

/** One attempt after the other, until the file is there or it makes no sense to go on. */
export class Upload {
  #key = newKey();
  /** @type {string | undefined} */
  #id;
  #offset = 0; // what the service has confirmed
  #isSure = false; // whether #offset is current
  #furthest = 0; // the largest offset so far
  #isNew = true; // whether no request of an earlier run had the same key
  #restarts = 0;
  /** @type {number | undefined} */
  #sample;
  #print = ''; // the key in the store; empty if it is not stored
  /** @type {{error: unknown} | undefined} */
  #fault; // of the application's function
  #isGiven = false; // whether the caller has named the upload
  #most; // bytes in one request
  #slice; // the same for now
  #sending = 0; // bytes of the last one
  #isBrief = false; // whether tags and attributes are said at the end, because a proxy refuses the long head of a request

  /** @param {Service} service @param {Source} source @param {UploadOptions} options @param {Memory} memory */
  constructor(service, source, options, memory) {
    this.service = service;
    this.source = source;
    this.options = options;
    this.memory = memory;
    this.attempts = service.attempts();
    this.#most = this.#slice = options.chunkSize ?? Infinity;
  }

  /**
   * The file. Throws `PicassoError`, and the reason of the signal once it is aborted; the service keeps what has arrived.
   * @param {string} [id] of an upload that exists
   * @returns {Promise<FileInfo>}
   */
  async run(id) {
    this.#isGiven = id !== undefined;
    if (id) this.#continue(id);
    const small = id ? undefined : await this.#asSmall();
    const release = small || id ? undefined : await this.#recall();
    try {
      return await this.#untilDone(small ? () => this.#sendSmall(small) : () => this.#step());
    } catch (error) {
      throw this.#id ? withUrl(error, this.service.uploadUrl(this.#id)) : error;
    } finally {
      release?.();
    }
  }

  /** @param {() => Promise<FileInfo | undefined>} step */
  async #untilDone(step) {
    for (;;) {
      try {
        this.options.signal?.throwIfAborted();
        const file = await step();
        if (file) return file;
      } catch (error) {
        await this.#recover(error);
      }
    }
  }

  /* ---- A small file ---- */

  async #asSmall() {
    const { size } = this.source, { smallSize = SMALL } = this.options;
    if (size !== undefined && size > smallSize) return undefined;
    const piece = await this.source.piece(0, smallSize);
    return piece.size === this.source.size ? new Response(piece.stream()).blob() : undefined;
  }

  /** @param {Blob} content */
  async #sendSmall(content) {
    const { query, headers, body } = smallRequest(this.source.name || 'file', this.source.type, this.options, content);
    const url = withQuery(`${this.service.root}upload/`, query);
    const response = await this.#exchange('POST', url, { ...headers, ...this.#keyHeader }, body);
    if (response.status !== 201) throw await errorOf(response);
    const file = await jsonOf(response);
    this.#report(content.size);
    return file;
  }

  /* ---- By tus: each step returns the file when the upload is complete ---- */

  #step() {
    if (!this.#id) return this.#create();
    return this.#isSure ? this.#add() : this.#find();
  }

  async #create() {
    const { source, options } = this, { tags, attributes, ...short } = options;
    const metadata = uploadMetadata(source.name || 'file', source.type, this.#isBrief ? short : options);
    const response = await this.#exchange('POST', `${this.service.root}uploads/`, {
      ...TUS,
      ...this.#keyHeader,
      ...(source.size === undefined ? { 'Upload-Defer-Length': '1' } : { 'Upload-Length': String(source.size) }),
      'Upload-Metadata': metadata,
    });
    if (response.status !== 201) {
      const error = await errorOf(response);
      if (this.#isBrief || !isLong(metadata) || !isHeadRefused(error)) throw error;
      this.#isBrief = true;
      return undefined;
    }
    this.#continue(idIn(response.headers.get('Location')) ?? raise(notFromPicasso(201)));
    await this.#remember();
    this.#isSure = this.#isNew; // otherwise an earlier request may have created it, and sent some
    this.#isNew = false;
    return undefined;
  }

  /** @param {string} id */
  #continue(id) {
    this.#id = id;
    this.options.onUploadUrl?.(this.service.uploadUrl(id));
  }

  /** Ask for the offset. This ends a request that is still in progress. */
  async #find() {
    const response = await this.#exchange('HEAD', this.#url, TUS);
    return this.#hear(response);
  }

  async #add() {
    const { source } = this, offset = this.#offset;
    const piece = await source.piece(offset, this.#slice);
    this.#sending = piece.size;
    const isLast = offset + piece.size === source.size;
    const response = await this.#exchange('PATCH', this.#url, {
      ...TUS,
      'Content-Type': 'application/offset+octet-stream',
      'Upload-Offset': String(offset),
      ...(isLast && { 'Upload-Length': String(source.size) }),
    }, piece, offset);
    const file = await this.#hear(response);
    if (!file && this.#offset <= offset) throw noAnswer(new Error('nothing arrived'));
    return file;
  }

  get #url() { return this.service.uploadUrl(/** @type {string} */ (this.#id)); }
  get #keyHeader() { return { 'Idempotency-Key': this.#key }; }

  /** @param {string} method @param {string} url @param {Record<string, string>} headers @param {import('./sources.js').Piece} [body] */
  #exchange(method, url, headers, body, offset = 0) {
    const onSent = (/** @type {number} */ sent) => this.#report(offset + sent);
    return this.service.exchange(method, url, { headers, body, signal: this.options.signal, onSent });
  }

  /** Take over the offset. Returns the file when the upload is complete. @param {Response} response */
  async #hear(response) {
    const { headers, status } = response, text = headers.get('Upload-Offset');
    const address = headers.get('Content-Location');
    // A browser may have repeated a request whose content had arrived: the error that follows names the file.
    if (address && (response.ok || status === 400)) return this.#finish(address);
    const isAhead = status === 409 && Number(text) > this.#furthest;
    if (text === null || !(response.ok || isAhead)) throw await errorOf(response);
    this.#advance(Number(text));
    return undefined;
  }

  /** @param {number} offset */
  #advance(offset) {
    if (offset > this.#furthest) this.#succeeded();
    this.#isSure = true;
    this.#furthest = Math.max(this.#furthest, offset);
    this.#offset = offset;
    this.#report(offset);
  }

  #succeeded() {
    this.attempts.succeeded();
    this.#slice = Math.min(this.#slice * 2, this.#most);
  }

  /** @param {string} address @returns {Promise<FileInfo>} */
  async #finish(address) {
    const id = idIn(address), { size = this.#offset, name } = this.source;
    await this.#forget();
    this.#report(size);
    if (this.#isBrief) await this.#describe(id);
    try {
      return await this.service.call('GET', `files/${id}/`, { signal: this.options.signal });
    } catch (error) {
      if (!(error instanceof PicassoError) || error.status !== 403) throw error;
      return /** @type {any} */ ({ id, name, size }); // a token may write without reading
    }
  }

  /** Say what the head of the first request had no room for. @param {string | undefined} id */
  async #describe(id) {
    const { tags, attributes, signal } = this.options;
    try {
      await this.service.call('PATCH', `files/${id}/`, { signal, json: { tags, attributes }, headers: { 'Content-Type': 'application/merge-patch+json' } });
    } catch (error) {
      throw aboutStored(id, 'without its tags and attributes', error);
    }
  }

  /** @param {number} sent of a form, more than the file has */
  #report(sent) {
    const { size: total } = this.source;
    try {
      this.options.onProgress?.({ sent: Math.min(sent, total ?? sent), total });
    } catch (error) { // in the middle of a request, where it would look like a broken connection
      this.#fault ??= { error };
      throw error;
    }
  }

  /* ---- Failures ---- */

  /** @param {unknown} error */
  async #recover(error) {
    this.options.signal?.throwIfAborted();
    if (this.#fault) throw this.#fault.error;
    if (!(error instanceof PicassoError)) throw error;
    this.#isSure = false;
    if (this.#isUnknown(error)) return this.#restart();
    if (this.#isTooLarge(error)) return this.#halve();
    if (!this.#isPassing(error) || this.attempts.areUsedUp) throw error;
    if (this.attempts.failures > 0) this.#slice = this.#half; // what collects or refuses requests may pass smaller ones
    const pause = this.attempts.next(error.retryAfter);
    this.options.onRetry?.({ error, attempt: this.attempts.failures, pause });
    return rest(pause, this.options.signal);
  }

  /** An answer that is not Picasso's says nothing about an upload that exists. @param {PicassoError} error */
  #isPassing(error) {
    return error.isTemporary || Boolean(this.#id && error.status && !error.isFromPicasso);
  }

  /** A proxy may limit the size of a request. @param {PicassoError} error */
  #isTooLarge({ status, isFromPicasso }) {
    return status === 413 && !isFromPicasso && this.#id && this.#half < this.#sending;
  }

  #halve() { this.#most = this.#slice = this.#half; }

  get #half() { return Math.max(LEAST_SLICE, Math.min(this.#sending / 2, FIRST_SLICE)); }

  /** Whether the service has lost the upload, or has its key for another one. @param {PicassoError} error */
  #isUnknown({ status, code, isFromPicasso }) {
    const isLost = this.#id ? [404, 410].includes(status) : code === 'idempotency-key-reused';
    return isFromPicasso && isLost && !this.#isGiven && this.source.canRestart && this.#restarts < MOST_RESTARTS;
  }

  async #restart() {
    [this.#id, this.#key, this.#offset, this.#furthest] = [undefined, newKey(), 0, 0];
    this.#restarts += 1;
    await this.#remember();
  }

  /* ---- The store ---- */

  /** Go on with an earlier upload of this file, if there is one. */
  async #recall() {
    const print = this.options.fingerprint ?? this.source.fingerprint;
    const release = print === undefined ? null : await this.memory.claim(print);
    if (!release || print === undefined) return undefined;
    this.#print = print;
    this.#sample = await this.source.sample();
    const known = await this.memory.recall(print);
    if (known && known.sample === this.#sample) {
      [this.#key, this.#isNew, this.#isBrief] = [known.key, false, known.brief ?? false];
      if (known.id) this.#continue(known.id);
    }
    await this.#remember();
    return release;
  }

  /** @returns {Unfinished} */
  get #known() {
    const { name, size } = this.source;
    return { id: this.#id, key: this.#key, sample: this.#sample, name, size, at: 0, brief: this.#isBrief };
  }

  async #remember() { if (this.#print) await this.memory.remember(this.#print, this.#known); }
  async #forget() { if (this.#print) await this.memory.forget(this.#print, this.#known); }
}
