// Unfinished uploads of earlier pages, as this browser remembers them: an upload belongs to who began it, and the API has
// no list of them. Their files must be chosen again, as a page may not read a file by itself.

import { abandon, stateOf } from '../../delivery.js';
import { Item } from './item.js';
import { claimed, fileIn, forget, onChange, remembered } from './memory.js';

const FIRST_PAUSE = 2000, LAST_PAUSE = 30_000; // milliseconds

export class Earlier {
  /** @type {'loading' | 'ready' | 'unreachable'} */
  status = 'loading';
  #queue; #timer;
  #pause = FIRST_PAUSE;
  #deleting = new Set(); // prints

  /** @param {import('./queue.js').Queue} queue */
  constructor(queue) {
    this.#queue = queue;
    onChange((print) => this.#taken(print));
    addEventListener('online', () => this.load());
  }

  /** Ask the service about all of them. Repeats by itself until there is an answer. */
  async load() {
    clearTimeout(this.#timer);
    const answers = await Promise.all(remembered().map(([print, known]) => this.#look(print, known)));
    this.status = answers.includes(undefined) ? 'unreachable' : 'ready';
    this.#pause = this.status === 'ready' ? FIRST_PAUSE : Math.min(this.#pause * 2, LAST_PAUSE);
    if (this.status === 'unreachable') this.#timer = setTimeout(() => this.load(), this.#pause);
    this.#queue.changed();
  }

  /** Undefined without an answer. */
  async #look(print, known) {
    if (known.abandoned) this.#delete(print, known);
    if (known.abandoned || !known.id || this.#knows(print)) return null;
    const upload = await stateOf(known);
    if (upload === null) forget(print, known);
    if (upload && !await claimed(print) && !this.#knows(print)) this.#queue.addLeft(leftOf(print, known, upload));
    return upload;
  }

  /** Repeats by itself until it is done. */
  #delete(print, known) {
    if (this.#deleting.has(print)) return;
    this.#deleting.add(print);
    abandon(print, known).finally(() => this.#deleting.delete(print));
  }

  #knows(print) { return this.#queue.items.some((item) => item.print === print); }

  /** Another window continues it or has ended it. */
  #taken(print) {
    const item = this.#queue.items.find((each) => each.print === print && each.state === 'left');
    if (item) this.#queue.remove(item);
  }
}

function leftOf(print, known, { offset, expires_at: expires }) {
  return Object.assign(new Item(fileIn(print)), { state: 'left', print, known, sent: offset ?? 0, expires });
}
