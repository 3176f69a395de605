// What both elements have: the service, its token, the language and the style.

import { Picasso } from '../client.js';
import { PicassoError } from '../errors.js';
import { sheetOf } from './dom.js';
import { visible } from './format.js';
import { COMMON } from './styles.js';
import { Tokens } from './tokens.js';
import { Words } from './words.js';

/** @import { Strings } from './words.js' */

/** Also without a browser, so that a server can import it. */
const Base = /** @type {typeof HTMLElement} */ (globalThis.HTMLElement ?? class {});

/** Where this module comes from, if that is a service: `https://files.example.com/static/picasso/elements.js`. */
const HOME = /^(https?:\/\/.+?)\/static\/picasso\//.exec(import.meta.url)?.[1];

export class PicassoElement extends Base {
  static observedAttributes = ['endpoint', 'token', 'token-url', 'lang'];

  /** Those that frameworks set, maybe before this class is there. */
  static properties = ['endpoint', 'token', 'tokenUrl', 'getToken', 'strings'];

  /** @type {Strings} */
  #strings = {};
  /** @type {(() => string | Promise<string>) | null} */
  #getToken = null;
  /** @type {Tokens | undefined} */
  #tokens;
  /** @type {Picasso | undefined} */
  #client;
  /** @type {Words | undefined} */
  #words;

  /** @param {string} css */
  constructor(css) {
    super();
    const root = this.attachShadow({ mode: 'open', delegatesFocus: true });
    root.adoptedStyleSheets = [sheetOf(COMMON), sheetOf(css)];
  }

  get root() { return /** @type {ShadowRoot} */ (this.shadowRoot); }

  connectedCallback() {
    for (const name of /** @type {typeof PicassoElement} */ (this.constructor).properties) this.#upgrade(name);
    this.#words = undefined; // the language is that of the place
  }

  /** A property that was set on the element before this class was there. @param {string} name */
  #upgrade(name) {
    if (!Object.hasOwn(this, name)) return;
    const own = /** @type {any} */ (this), value = own[name];
    delete own[name];
    own[name] = value;
  }

  /** @param {string} name */
  attributeChangedCallback(name) {
    if (name === 'lang') this.#words = undefined;
    else if (PicassoElement.observedAttributes.includes(name)) this.#forget();
  }

  #forget() { this.#tokens = this.#client = undefined; }

  /* ---- Properties ---- */

  get endpoint() { return this.getAttribute('endpoint') ?? ''; }
  set endpoint(value) { this.reflect('endpoint', value); }
  get token() { return this.getAttribute('token') ?? ''; }
  set token(value) { this.reflect('token', value); }
  get tokenUrl() { return this.getAttribute('token-url') ?? ''; }
  set tokenUrl(value) { this.reflect('token-url', value); }

  get getToken() { return this.#getToken; }
  set getToken(value) {
    const isFirst = !this.#getToken; // some frameworks set another function whenever they draw
    this.#getToken = value ?? null;
    if (!isFirst || !value) return;
    this.#forget();
    if (this.isConnected) this.tokenChanged();
  }

  get strings() { return this.#strings; }
  set strings(value) {
    this.#strings = value ?? {};
    this.#words = undefined;
    if (this.isConnected) this.languageChanged();
  }

  /** @param {string} name @param {unknown} value */
  reflect(name, value) {
    if (value === undefined || value === null || value === false || value === '') this.removeAttribute(name);
    else this.setAttribute(name, value === true ? '' : String(value));
  }

  tokenChanged() {}
  languageChanged() {}

  /* ---- For the elements ---- */

  get words() {
    const lang = this.closest('[lang]')?.getAttribute('lang') || document.documentElement.lang || navigator.language || 'en';
    this.#words ??= new Words(lang, this.#strings);
    return this.#words;
  }

  /** The base of the service. */
  get service() { return this.endpoint || HOME || location.origin; }

  get tokens() {
    this.#tokens ??= new Tokens(this);
    return this.#tokens;
  }

  get client() {
    const tokens = this.tokens;
    this.#client ??= new Picasso({
      url: new URL(this.service, location.href).href, getToken: () => tokens.next(), store: storage(), headers: { 'Accept-Language': this.words.lang },
    });
    return this.#client;
  }

  /** For the page; false if it has called `preventDefault`. @param {string} name @param {Record<string, unknown>} detail */
  tell(name, detail, cancelable = false) {
    return this.dispatchEvent(new CustomEvent(name, { detail, bubbles: true, composed: true, cancelable }));
  }

  /** A sentence for people. @param {unknown} error */
  reasonOf(error) {
    if (!(error instanceof PicassoError)) return visible(error instanceof Error ? error.message : error);
    const own = { 'no-answer': 'noAnswer', 'not-picasso': 'noAnswer', 'no-token': 'noToken', unreadable: 'unreadable' }[error.code];
    if (own) return this.words.say(own);
    return error.status === 401 ? this.words.say('noToken') : visible(error.detail);
  }
}

/** Some pages may not use it: those in a frame of another site, for example. */
function storage() {
  try { return globalThis.localStorage; } catch { return undefined; }
}
