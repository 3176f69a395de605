// One message for each batch in the live region, not one for each file.

import { percent, visible } from './format.js';
import { write } from './dom.js';

/** @import { Item } from './item.js' */
/** @import { Words } from './words.js' */

const REST = 400; // milliseconds in which messages are joined
const REPORT = 10_000; // milliseconds between two messages about the progress

export class Announcer {
  #region;
  #words;
  /** @type {string[]} */
  #texts = [];
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;
  #reported = 0;
  /** @type {Set<Item>} */
  #batch = new Set();

  /** @param {HTMLElement} region with `role="status"` @param {() => Words} words */
  constructor(region, words) {
    this.#region = region;
    this.#words = words;
  }

  /** @param {Item[]} items that were chosen */
  begin(items, isNew = true) {
    if (!this.#batch.size) this.#reported = Date.now();
    for (const item of items) this.#batch.add(item);
    if (items.length && isNew) this.say(this.#words().say('added', { n: items.length }));
  }

  /** Something has changed. */
  look() {
    if (!this.#batch.size) return;
    if (![...this.#batch].some((item) => item.isUnderWay)) this.#end();
    else if (Date.now() - this.#reported > REPORT) this.#report();
  }

  /** @param {Item} item */
  leave(item) {
    this.#batch.delete(item);
    this.look();
  }

  #report() {
    const items = [...this.#batch], words = this.#words();
    const sum = (/** @type {(item: Item) => number} */ of) => items.reduce((all, item) => all + of(item), 0);
    this.#reported = Date.now();
    this.say(words.say('percent', { percent: percent(sum((item) => (item.isStored ? item.total : item.sent)), sum(({ total }) => total), words.lang) }));
  }

  #end() {
    const words = this.#words(), items = [...this.#batch], failed = items.filter((item) => item.isOver);
    const uploaded = items.length - failed.length;
    this.#batch.clear();
    if (uploaded) this.say(words.say('uploaded', { n: uploaded }));
    if (failed.length === 1) this.say(`${visible(failed[0].name)}: ${words.say('failed', { reason: failed[0].reason })}`);
    else if (failed.length) this.say(words.say('failures', { n: failed.length }));
  }

  /** @param {string} text */
  say(text) {
    this.#texts.push(text);
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      write(this.#region, this.#texts.join('. '));
      this.#texts = [];
    }, REST);
  }
}
