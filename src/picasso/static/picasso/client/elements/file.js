// <picasso-file>: shows one file, follows it until it is processed, and links to it.

import { PicassoElement } from './element.js';
import { icon, iconOf, make, set, write } from './dom.js';
import { bytes, middle, visible } from './format.js';
import { Following } from './following.js';
import { typeName } from './limits.js';
import { FILE } from './styles.js';
import { thumbnailOf } from './thumbnails.js';

/** @import { FileInfo } from '../index.d.ts' */

const ID = /[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}/i;
const SIDE = 96; // pixels of a thumbnail in the page, for dense screens
const FRESH = 600_000; // milliseconds in which a link surely works; it expires later

export class PicassoFile extends PicassoElement {
  static observedAttributes = [...PicassoElement.observedAttributes, 'file'];
  static properties = [...PicassoElement.properties, 'file', 'info'];

  #icon = make('span', { part: 'thumbnail', class: 'thumbnail' }, icon('file'));
  #name = make('bdi', { part: 'name', class: 'name' });
  #meta = make('span', { part: 'note', class: 'note' });
  #state = make('span', { part: 'state', class: 'note', role: 'status' });
  #verb = make('span');
  #link = make('a', { part: 'button download', class: 'button', hidden: true, onclick: (/** @type {Event} */ event) => this.#renew(event) }, icon('download'), this.#verb);
  #base = make('div', { part: 'base', class: 'base' }, this.#icon, make('span', { class: 'words' }, this.#name, this.#meta, this.#state), make('span', { class: 'actions', part: 'actions' }, this.#link));
  #following = new Following(() => this.client);
  #controller = new AbortController();
  /** @type {FileInfo | undefined} */
  #info;
  #loaded = 0;

  constructor() {
    super(FILE);
    this.root.append(this.#base);
  }

  connectedCallback() {
    super.connectedCallback();
    if (this.#info) this.#show();
    else this.#load();
  }

  disconnectedCallback() { this.#controller.abort(); }

  /** @param {string} name @param {string | null} [before] @param {string | null} [value] */
  attributeChangedCallback(name, before, value) {
    super.attributeChangedCallback(name);
    if (!this.isConnected || before === value) return;
    if (name === 'lang') this.#show();
    else this.#load();
  }

  tokenChanged() { this.#load(); }
  languageChanged() { this.#show(); }

  /** The id of a file, or an address of it: of the API or of its bytes. */
  get file() { return this.getAttribute('file') ?? ''; }
  set file(value) { this.reflect('file', value); }

  /** What the service says of it. A page that knows it already sets it, and nothing is asked for. */
  get info() { return this.#info; }
  set info(value) {
    this.#stop();
    this.#info = value;
    this.#loaded = Date.now();
    if (this.isConnected) this.#show();
    if (value && isUnderWay(value)) this.#follow(value.id);
  }

  /** The service of an address, if `file` is one. */
  get service() {
    const base = /^(https?:\/\/.+?)\/(?:api\/v1\.0\/)?files\//.exec(this.file)?.[1];
    return this.endpoint || base || super.service;
  }

  get #id() { return ID.exec(this.file)?.[0]; }

  #stop() {
    this.#controller.abort();
    this.#controller = new AbortController();
  }

  async #load() {
    this.#stop();
    this.#info = undefined;
    const id = this.#id, { signal } = this.#controller;
    if (!id) return this.#show();
    this.#say(this.words.say('loading'));
    try {
      const info = await this.client.file(id, { signal });
      if (!signal.aborted) this.info = info;
    } catch (error) {
      if (!signal.aborted) this.#fail(error);
    }
  }

  /** @param {string} id */
  async #follow(id) {
    const { signal } = this.#controller;
    try {
      const info = await this.#following.settled(id, signal);
      this.info = info;
      if (info.state === 'failed') this.tell('picasso-failed', { info, stage: 'processing', reason: visible(info.error?.detail), error: info.error });
      else this.tell('picasso-processed', { info });
    } catch (error) {
      if (!signal.aborted) this.#fail(error);
    }
  }

  /** Of an address of its bytes, the name and the link are known without asking. @param {any} error */
  #fail(error) {
    const mayNotBeRead = error.status === 401 || error.status === 403;
    if (mayNotBeRead && /^https?:/.test(this.file) && !this.file.includes('/api/v1.0/')) return this.#showLink();
    const isGone = error.status === 404 || error.status === 410;
    this.#say(isGone ? this.words.say('gone') : this.words.say('unavailable', { reason: this.reasonOf(error) }), true);
  }

  #showLink() {
    const path = new URL(this.file).pathname.split('/');
    this.#showName(decoded(path[path.length - 1]));
    this.#say('');
    this.#showButton(this.file);
  }

  /* ---- What is shown ---- */

  #show() {
    if (!this.#info) return;
    const { name, size, media_type: type, file } = this.#info;
    this.#showName(name);
    write(this.#meta, [bytes(size, this.words.lang), typeName(type ?? '', this.words)].filter(Boolean).join(' · '));
    this.#picture(type ?? '');
    const text = this.#stateText(this.#info);
    this.#say(text, this.#info.state === 'failed' || this.#info.quarantined);
    if (file && !this.#info.quarantined) this.#showButton(file);
  }

  /** Empty where all is well. @param {FileInfo} info */
  #stateText({ state, error, quarantined }) {
    if (quarantined) return this.words.say('quarantined');
    if (state === 'pending') return this.words.say('pending');
    if (state === 'processing') return this.words.say('beingProcessed');
    return state === 'failed' ? this.words.say('notProcessed', { reason: visible(error?.detail) }) : '';
  }

  /** @param {string} text */
  #showName(text) {
    const name = visible(text).trim() || this.words.say('unnamed');
    write(this.#name, middle(name));
    set(this.#name, 'title', name);
    set(this.#link, 'aria-label', this.words.say('downloadFile', { name }));
    write(this.#verb, this.words.say('download'));
  }

  /** @param {string} type */
  #picture(type) {
    const made = this.#info && thumbnailOf(this.#info, SIDE);
    const shown = this.#icon.querySelector('img');
    if (shown && shown.src === made?.url) return;
    this.#icon.replaceChildren(iconOf(type));
    if (!made) return;
    const picture = make('img', { alt: '', src: made.url, referrerpolicy: 'strict-origin-when-cross-origin', onerror: () => picture.remove() });
    this.#icon.append(picture);
  }

  /** @param {string} url */
  #showButton(url) {
    const address = new URL(url, this.service);
    if (!/^https?:$/.test(address.protocol)) return;
    address.searchParams.set('download', '');
    this.#link.href = address.href;
    this.#link.hidden = false;
  }

  /** @param {string} text */
  #say(text, failed = false) {
    write(this.#state, text);
    this.#base.className = failed ? 'base failed' : 'base';
    set(this.#base, 'part', failed ? 'base failed' : 'base');
  }

  /** The link of an old page may have expired: get a new one first. @param {Event} event */
  async #renew(event) {
    if (!this.#info || Date.now() - this.#loaded < FRESH) return;
    event.preventDefault();
    await this.#load();
    if (this.#info) this.#link.click();
  }
}

/** @param {FileInfo} info */
const isUnderWay = ({ state }) => state === 'pending' || state === 'processing';

/** @param {string} text */
function decoded(text) {
  try { return decodeURIComponent(text); } catch { return text; }
}
