// Sends the chosen files, a few at a time, and follows them until they are processed.

import { PicassoError } from '../errors.js';
import { Following } from './following.js';
import { shrunk } from './picture.js';

/** @import { FileInfo, UploadOptions } from '../index.d.ts' */
/** @import { Picasso } from '../client.js' */
/** @import { Item, State } from './item.js' */

/**
 * What the element gives and hears.
 * @typedef {object} Sender
 * @property {Picasso} client
 * @property {number} parallel files at once
 * @property {number} side pixels that pictures are made smaller to; 0 for none
 * @property {Pick<UploadOptions, 'pipeline' | 'tags' | 'attributes' | 'visibility'>} wishes
 * @property {(item: Item) => void} changed
 * @property {(item: Item) => void} progressed
 * @property {(item: Item) => void} uploaded
 * @property {(item: Item) => void} processed
 * @property {(item: Item, error: unknown, stage: 'upload' | 'processing') => void} failed
 * @property {(error: PicassoError) => string} pauseReason why it is tried again; empty for a lost connection
 */

export class Sending {
  /** @type {Item[]} */
  #queue = [];
  #running = 0;
  #following;

  /** @param {Sender} sender */
  constructor(sender) {
    this.sender = sender;
    this.#following = new Following(() => sender.client);
  }

  /** @param {Item} item */
  add(item) {
    Object.assign(item, { controller: new AbortController(), reason: '', sent: 0 });
    this.#set(item, 'queued');
    this.#queue.push(item);
    while (this.#running < this.sender.parallel && this.#queue.length) this.#work();
  }

  /** End it. What has arrived of it is discarded. @param {Item} item */
  stop(item) {
    this.#queue = this.#queue.filter((each) => each !== item);
    item.controller.abort();
    if (item.uploadUrl && !item.isStored) this.sender.client.cancel(item.uploadUrl).catch(() => {}); // it expires anyway
  }

  async #work() {
    this.#running += 1;
    for (let item = this.#queue.shift(); item; item = this.#queue.shift()) await this.#send(item);
    this.#running -= 1;
  }

  /** @param {Item} item */
  async #send(item) {
    const { signal } = item.controller;
    try {
      const content = await this.#prepared(item);
      signal.throwIfAborted();
      this.#set(item, 'sending');
      item.info = await this.sender.client.upload(content, this.#options(item, content));
      this.#stored(item);
    } catch (error) {
      if (!signal.aborted) this.#fail(item, error);
    }
  }

  /** @param {Item} item @returns {Promise<File>} */
  async #prepared(item) {
    const file = /** @type {File} */ (item.file), { side } = this.sender;
    if (!side) return file;
    this.#set(item, 'preparing');
    const content = await shrunk(file, side).catch(() => file);
    item.total = content.size;
    return content;
  }

  /** @param {Item} item @param {File} content @returns {UploadOptions} */
  #options(item, content) {
    return {
      ...this.sender.wishes,
      name: content.name,
      signal: item.controller.signal,
      onUploadUrl: (url) => { item.uploadUrl = url; },
      onProgress: ({ sent }) => this.#progress(item, sent),
      onRetry: ({ error }) => {
        item.reason = this.sender.pauseReason(error);
        this.#set(item, 'lost');
      },
    };
  }

  /** @param {Item} item @param {number} sent */
  #progress(item, sent) {
    item.sent = sent;
    item.reason = '';
    if (item.state !== 'sending') this.#set(item, 'sending');
    this.sender.progressed(item);
  }

  /** @param {Item} item */
  #stored(item) {
    const { state } = /** @type {FileInfo} */ (item.info);
    this.#set(item, state === 'pending' || state === 'processing' ? 'stored' : 'settled'); // no state: it may not be read
    this.sender.uploaded(item);
    if (state) this.follow(item);
  }

  /** Until it is processed. @param {Item} item */
  async follow(item) {
    try {
      item.info = await this.#following.settled(item.id, item.controller.signal);
    } catch (error) {
      if (item.controller.signal.aborted) return;
      return this.#set(item, 'settled'); // it is stored; what becomes of it can't be seen from here
    }
    const { error } = item.info;
    this.#set(item, 'settled');
    if (item.info.state === 'failed') this.sender.failed(item, new PicassoError({ code: error?.code ?? 'failed', detail: error?.detail ?? '' }), 'processing');
    else this.sender.processed(item);
  }

  /** @param {Item} item @param {unknown} error */
  #fail(item, error) {
    this.#set(item, 'failed');
    this.sender.failed(item, error, 'upload');
  }

  /** @param {Item} item @param {State} state */
  #set(item, state) {
    item.state = state;
    this.sender.changed(item);
  }
}

/** Whether the same upload may succeed later, maybe with another token. @param {unknown} error */
export const mayPass = (error) => !(error instanceof PicassoError) || !error.isFromPicasso || error.isTemporary || [401, 403].includes(error.status) || error.code === 'quota-exceeded';
