// One chosen file: its state and its row.

import { iconOf, make, set, write, icon } from './dom.js';
import { bytes, middle, percent, visible } from './format.js';
import { isPicture, thumbnail } from './picture.js';
import { thumbnailOf } from './thumbnails.js';

/** @import { FileInfo } from '../index.d.ts' */
/** @import { Words } from './words.js' */

const SIDE = 96; // pixels of a thumbnail in the page, for dense screens

/**
 * `refused` by the page before it was sent, `failed` by the service; `stored` until it is processed.
 * @typedef {'queued' | 'preparing' | 'sending' | 'lost' | 'refused' | 'failed' | 'stored' | 'settled'} State
 */

let count = 0;

export class Item {
  /** @type {State} */
  state = 'queued';
  key = `f${count += 1}`;
  sent = 0;
  reason = ''; // why it failed, in a sentence
  mayPass = true; // whether it makes sense to try again
  /** @type {FileInfo | undefined} */
  info;
  controller = new AbortController();
  /** @type {string | undefined} */
  uploadUrl;
  isOwn = true; // uploaded here; otherwise the page named it

  /** @param {File | undefined} file @param {FileInfo} [info] of a file that is stored already */
  constructor(file, info) {
    this.file = file;
    this.info = info;
    this.total = file?.size ?? info?.size ?? 0;
    this.type = file?.type || info?.media_type || '';
    if (!file) Object.assign(this, { state: 'settled', isOwn: false });
  }

  get name() { return this.info?.name || this.file?.name || ''; }

  /** For events. */
  get detail() { return { key: this.key, file: this.file, name: this.name, info: this.info ?? null }; }

  /** Ask what the page has not said of the file. @param {{file: (id: string) => Promise<FileInfo>}} client */
  async learn(client) {
    this.info = await client.file(this.id);
    this.total = this.info.size;
  }

  /** What counts for the form. */
  get id() { return this.info?.id ?? ''; }

  get isOver() { return this.state === 'refused' || this.state === 'failed'; }
  get isStored() { return this.state === 'stored' || this.state === 'settled'; }
  get isUnderWay() { return !this.isOver && !this.isStored; }
}

/** The row of an item in the list. */
export class Row {
  /** @param {Item} item @param {{remove: () => void, retry: () => void}} actions */
  constructor(item, actions) {
    this.item = item;
    this.canvas = make('canvas', { hidden: true, 'aria-hidden': 'true' });
    this.thumbnail = make('span', { part: 'thumbnail', class: 'thumbnail' }, iconOf(item.type), this.canvas);
    this.name = make('bdi', { part: 'name', class: 'name' });
    this.note = make('span', { part: 'note', class: 'note' });
    this.progress = make('progress', { part: 'progress', max: 1 });
    this.retry = make('button', { type: 'button', part: 'button retry', class: 'retry', onclick: actions.retry });
    this.remove = make('button', { type: 'button', part: 'button remove', class: 'remove', onclick: actions.remove }, icon('remove'));
    const words = make('span', { class: 'words' }, this.name, this.note, this.progress);
    this.element = make('li', { part: 'file' }, this.thumbnail, words, make('span', { class: 'actions', part: 'actions' }, this.retry, this.remove));
  }

  /** Draw what the browser can draw. Once it is in the page. */
  draw() { if (this.item.file && isPicture(this.item.file)) thumbnail(this.item.file, this.canvas, SIDE); }

  /** The picture that the service has made, where the browser has drawn none. */
  showThumbnail() {
    const made = this.canvas.hidden && this.item.info && thumbnailOf(this.item.info, SIDE);
    if (!made) return;
    const picture = make('img', { alt: '', src: made.url, referrerpolicy: 'strict-origin-when-cross-origin', onerror: () => picture.remove() });
    this.thumbnail.append(picture);
  }

  /** @param {Words} words @param {boolean} disabled */
  show(words, disabled) {
    const { item } = this, name = visible(item.name).trim() || words.say('unnamed'), state = item.isOver ? 'failed' : item.state;
    set(this.element, 'part', `file ${state}`);
    this.element.className = `file ${item.isOver || item.reason ? 'failed' : ''}`;
    write(this.name, middle(name));
    set(this.name, 'title', name);
    write(this.note, noteOf(item, words));
    this.progress.hidden = !item.isUnderWay;
    this.progress.value = item.sent / (item.total || 1);
    set(this.progress, 'aria-label', words.say('progress', { name }));
    this.#showButtons(words, name, disabled);
  }

  /** @param {Words} words @param {string} name @param {boolean} disabled */
  #showButtons(words, name, disabled) {
    write(this.retry, words.say('retry'));
    set(this.retry, 'aria-label', words.say('retryFile', { name }));
    this.retry.hidden = this.item.state !== 'failed' || !this.item.mayPass;
    set(this.remove, 'aria-label', words.say('remove', { name }));
    this.retry.disabled = this.remove.disabled = disabled;
  }
}

/** @param {Item} item @param {Words} words */
function noteOf({ state, reason, sent, total }, words) {
  const { lang } = words, size = bytes(total, lang);
  if (state === 'queued') return `${size} · ${words.say('queued')}`;
  if (state === 'preparing') return words.say('preparing');
  if (state === 'lost') return reason || words.say('lost', { percent: percent(sent, total, lang) });
  if (state === 'sending') return sent < total ? words.say('sending', { sent: bytes(sent, lang), total: size }) : words.say('storing', { total: size });
  if (state === 'stored') return `${size} · ${words.say('processing')}`;
  if (state === 'settled') return reason ? words.say('unprocessed', { reason }) : size;
  return words.say('failed', { reason });
}
