// One upload of the tray: a file, its state, and how far it is.

import { nameOf } from '../core/format.js';

const RECENT = 8000; // milliseconds over which the speed is averaged
const BETWEEN = 250; // milliseconds between two marks

/**
 * queued → checking → sending ⇄ lost → done; paused, known, error and left wait for the user; gone is cancelled.
 * @typedef {'queued' | 'checking' | 'sending' | 'lost' | 'paused' | 'known' | 'error' | 'left' | 'done' | 'gone'} State
 */

let count = 0;

export class Item {
  /** @type {State} */
  state = 'queued';
  sent = 0; // bytes
  again = false; // whether it was sending before, so that it goes before those that were not
  /** @type {{now: number, sent: number}[]} */
  marks = [];
  /** @type {import('../../delivery.js').Delivery | null} */
  delivery = null;
  /** @type {Error | null} why it is lost, or failed */
  trouble = null;
  due = 0; // when a lost one tries again
  result = null; // the file that it has become, or the file that has the same bytes
  known = null; // what the browser remembers of an upload of an earlier page
  print = '';
  checked = false; // whether the service was asked for the same bytes

  /** @param {{name: string, size: number}} file @param {{folder?: string, options?: object}} [more] */
  constructor(file, { folder = '', options = {} } = {}) {
    this.id = `upload-${count += 1}`;
    this.file = file;
    this.folder = folder;
    this.options = options;
  }

  get name() { return nameOf(this.file); }
  get size() { return this.file.size; }
  get share() { return this.state === 'done' || !this.size ? Number(this.state === 'done') : this.sent / this.size; }
  get ended() { return this.state === 'done' || this.state === 'known'; }
  get failed() { return this.state === 'error'; }
  get busy() { return ['queued', 'checking', 'sending', 'lost'].includes(this.state); }

  /** Bytes per second, lately. */
  get speed() {
    const [first] = this.marks, last = this.marks.at(-1);
    return last && last.now > first.now ? (last.sent - first.sent) / (last.now - first.now) * 1000 : 0;
  }

  /** The seconds since something was sent. */
  quiet(now = performance.now()) { return this.marks.length ? (now - this.marks.at(-1).now) / 1000 : 0; }

  progressed(sent, now = performance.now()) {
    this.sent = sent;
    if (sent < this.size && now - (this.marks.at(-1)?.now ?? 0) < BETWEEN) return;
    this.marks.push({ now, sent });
    while (now - this.marks[0].now > RECENT) this.marks.shift();
  }
}
