// All uploads of this window: a few are sent at a time, small ones before they make large ones wait.

import { Delivery, SMALL, abandon } from '../../delivery.js';
import { sameBytes } from './duplicates.js';
import { Item } from './item.js';
import { printOf, recall } from './memory.js';
import { sizeLimit } from './options.js';
import { canRetry, refusalOf } from './refusals.js';

// A browser opens six connections to a host. A small file takes one for a moment; large ones would keep the page waiting.
const MOST = 6, MOST_LARGE = 3;

// A look for the same bytes costs a request. In a large batch that pays only for files that take longer to send.
const LOOKED_FOR = 20;

export class Queue extends EventTarget {
  /** @type {Item[]} */
  items = [];
  #active = new Set();
  #told = false;

  /** Bring files into the queue: `{file, folder}`. Ended uploads of an earlier batch leave it. */
  add(found, options = {}) {
    if (!this.items.some(({ busy }) => busy)) this.items = this.items.filter(({ ended }) => !ended);
    const few = found.length <= LOOKED_FOR;
    for (const { file, folder } of found) this.#enqueue(file, folder, options, few);
    this.#tell('added', found.length);
    this.#pump();
  }

  #enqueue(file, folder, options, few) {
    const print = printOf(file);
    const left = this.items.find((item) => item.state === 'left' && item.print === print);
    const item = left ?? new Item(file, { folder, options });
    if (!left) this.items.push(item);
    Object.assign(item, { file, print });
    item.checked = Boolean(left ?? recall(print)) || (!few && file.size <= SMALL);
    item.delivery = new Delivery(file, this.#listener(item), item.options);
    const refusal = refusalOf(file, sizeLimit());
    if (refusal) this.#fail(item, refusal);
    else item.state = 'queued';
  }

  /** What an earlier page has not finished. */
  addLeft(item) {
    this.items.push(item);
    this.#tell();
  }

  /** Something that is shown beside the uploads has changed. */
  changed() { this.#tell(); }

  /* ---- Sending ---- */

  #pump() {
    for (;;) {
      const item = this.#next();
      if (!item) return;
      this.#active.add(item);
      this.#run(item).finally(() => { this.#active.delete(item); this.#pump(); });
    }
  }

  #next() {
    if (this.#active.size >= MOST) return null;
    const large = [...this.#active].filter(({ size }) => size > SMALL).length;
    const fits = ({ state, size }) => state === 'queued' && (size <= SMALL || large < MOST_LARGE);
    const ready = (item) => fits(item) && !this.#active.has(item); // a stopped one may still be ending
    return this.items.find((item) => item.again && ready(item)) ?? this.items.find(ready);
  }

  async #run(item) {
    item.state = 'checking';
    this.#tell();
    try {
      if (await this.#isKnown(item)) return;
      this.#set(item, 'sending');
      item.result = await item.delivery.run();
      this.#done(item);
    } catch (trouble) {
      if (!item.delivery.stopped && item.state !== 'gone') this.#fail(item, trouble);
    }
  }

  async #isKnown(item) {
    const found = item.checked ? null : await sameBytes(item.file);
    item.checked = true;
    if (!found || item.state !== 'checking') return item.state !== 'checking';
    item.result = found;
    this.#set(item, 'known');
    return true;
  }

  #done(item) {
    this.#set(item, 'done');
    this.dispatchEvent(new CustomEvent('uploaded', { detail: item.result }));
  }

  #fail(item, trouble) {
    item.trouble = trouble;
    this.#set(item, 'error');
  }

  #set(item, state) {
    item.state = state;
    this.#tell();
  }

  #listener(item) {
    return {
      progress: (sent) => this.#progressed(item, sent),
      lost: (trouble, due) => { Object.assign(item, { trouble, due }); this.#set(item, 'lost'); },
      trying: () => { item.due = 0; this.#tell(); },
    };
  }

  #progressed(item, sent) {
    if (item.delivery.stopped) return;
    if (item.state !== 'sending' || item.trouble) Object.assign(item, { state: 'sending', marks: [], trouble: null });
    item.again = true;
    item.progressed(sent);
    this.#tell();
  }

  /* ---- What the user does ---- */

  pause(item) {
    item.delivery.stop();
    this.#set(item, 'paused');
  }

  /** Also after an error, and for a file that is known already. */
  resume(item) {
    Object.assign(item, { again: true, checked: true, trouble: null, result: null });
    this.#set(item, 'queued');
    this.#pump();
  }

  now(item) { item.delivery.goOn(); }

  /** Stop it and take it away, here and in the service. */
  cancel(item) {
    const { delivery, known, print, state } = item;
    item.state = 'gone';
    if (delivery && state !== 'done') delivery.cancel();
    else if (known) abandon(print, known);
    this.remove(item);
  }

  remove(item) {
    this.items = this.items.filter((each) => each !== item);
    this.#tell();
  }

  retryFailed() { this.items.filter((item) => item.failed && canRetry(item.trouble)).forEach((item) => this.resume(item)); }

  cancelAll() { this.items.filter(({ busy, state }) => busy || state === 'paused').forEach((item) => this.cancel(item)); }

  /** Whether there is something to `clear`. */
  get hasEnded() { return this.items.some(({ ended, failed }) => ended || failed); }

  /** Take away what has ended or failed. */
  clear() { this.items.filter(({ ended, failed }) => ended || failed).forEach((item) => this.cancel(item)); }

  /* ---- Telling ---- */

  /** At once where a batch begins; otherwise together, as thousands of uploads change thousands of times a second. */
  #tell(what = 'changed', detail = null) {
    if (what !== 'changed') this.dispatchEvent(new CustomEvent(what, { detail }));
    if (this.#told) return;
    this.#told = true;
    queueMicrotask(() => { this.#told = false; this.dispatchEvent(new Event('change')); });
  }
}
