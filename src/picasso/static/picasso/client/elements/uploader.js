// <picasso-uploader>: chooses files, sends them, and is a control of its form, whose value are the ids of the files.

import { Announcer } from './announcer.js';
import { make, set } from './dom.js';
import { takePastes } from './drops.js';
import { Dropzone } from './dropzone.js';
import { visible } from './format.js';
import { FormValue, idsOf, listed } from './form_value.js';
import { Item, Row } from './item.js';
import { Limits } from './limits.js';
import { mayPass, Sending } from './sending.js';
import { UPLOADER } from './styles.js';
import { UploaderAttributes, parsed } from './uploader_attributes.js';

/** @import { FileInfo } from '../index.d.ts' */
/** @import { Claims } from './limits.js' */

export class PicassoUploader extends UploaderAttributes {
  static formAssociated = true;
  #internals = this.attachInternals();
  /** @type {Map<Item, Row>} */
  #rows = new Map();
  #sending = new Sending(this.#sender());
  /** @type {import('./drops.js').Target} */
  #target = { isOpen: () => !this.#isDisabled, over: () => {}, take: (files, folders) => this.#take(files, folders) };
  #zone = new Dropzone(() => this.words, () => this.open(), this.#target);
  #list = make('ul', { part: 'list', class: 'list', role: 'list' });
  #status = make('span', { role: 'status', class: 'quiet' });
  #value = new FormValue(this.#internals, this, this.#zone.button);
  #announcer = new Announcer(this.#status, () => this.words);
  /** @type {Claims} */
  #claims = {};
  #isDisabled = false;
  #isRead = false; // whether the attributes of the beginning have been read
  #isShown = false; // whether it has been in a page
  #last = ''; // the value that the page knows

  constructor() {
    super(UPLOADER);
    this.#internals.role = 'group';
    this.root.append(this.#zone.element, this.#list, this.#status);
    takePastes(this, this.#target);
    new MutationObserver(() => this.#replaceControls()).observe(this, { childList: true, subtree: true }); // the page may still arrive
  }

  /** What pages without script have inside of it. */
  #replaceControls() { for (const control of this.querySelectorAll('input, button, select, textarea')) set(control, 'disabled', true); }

  connectedCallback() {
    super.connectedCallback();
    this.#isDisabled = this.matches(':disabled');
    this.#replaceControls();
    if (!this.#isRead) this.#read();
    this.languageChanged();
    this.tokenChanged();
    this.#isShown = true;
  }

  /** @param {string} name @param {string | null} [before] @param {string | null} [value] */
  attributeChangedCallback(name, before, value) {
    super.attributeChangedCallback(name);
    if (!this.isConnected || before === value) return;
    if (name === 'value' || name === 'files') this.#read();
    else if (name === 'lang') this.languageChanged();
    else if (['endpoint', 'token', 'token-url'].includes(name)) this.tokenChanged();
    else this.#show();
  }

  async tokenChanged() {
    this.#claims = await this.tokens.claims();
    this.#show();
    this.#learn();
  }

  languageChanged() {
    const labels = Array.from(this.#internals.labels, ({ textContent }) => textContent?.trim()).filter(Boolean);
    this.#internals.ariaLabel = labels.join(' ') || this.words.say('title'); // `aria-label` comes before it
    this.#show();
    for (const item of this.#rows.keys()) this.#changed(item);
  }

  /* ---- Properties ---- */

  /** The ids of all files that are uploaded; of several, with `multiple`, a list. */
  get value() {
    const ids = this.#ids;
    return this.multiple ? ids : ids[0] ?? '';
  }

  set value(value) { this.#replace([value ?? []].flat().map((id) => /** @type {FileInfo} */ ({ id }))); }

  /** What is known of them. */
  get files() { return this.#items.flatMap(({ info }) => info ?? []); }
  set files(value) { this.#replace(Array.from(value ?? [])); }

  get form() { return this.#internals.form; }
  get labels() { return this.#internals.labels; }
  get validity() { return this.#internals.validity; }
  get validationMessage() { return this.#internals.validationMessage; }
  get willValidate() { return this.#internals.willValidate; }
  checkValidity() { return this.#internals.checkValidity(); }
  reportValidity() { return this.#internals.reportValidity(); }

  /* ---- Methods ---- */

  /** Open the file dialog. The browser allows it after a click or a key only. */
  open() { if (!this.#isDisabled) this.#zone.open(); }

  /** Add files as if somebody had chosen them. @param {Iterable<File>} files */
  addFiles(files) {
    const chosen = this.multiple ? Array.from(files) : Array.from(files).slice(0, 1);
    const added = chosen.map((file) => new Item(file)).filter((item) => this.tell('picasso-added', { file: item.file, key: item.key }, true));
    if (added.length && !this.multiple) for (const item of this.#items) this.#discard(item, true);
    this.#announcer.begin(added);
    for (const item of added) this.#add(item);
    this.#update();
  }

  /** Forget all files, and stop what is under way. */
  clear() {
    this.#clear();
    this.#update();
  }

  /** Retry all uploads that have failed. */
  retry() { for (const item of this.#items) if (item.state === 'failed') this.#again(item); }

  /* ---- The form ---- */

  formResetCallback() { this.#read(); }

  /** @param {boolean} disabled */
  formDisabledCallback(disabled) {
    this.#isDisabled = disabled;
    this.#show();
    for (const item of this.#rows.keys()) this.#changed(item);
  }

  /** When the browser comes back to a page. @param {string} state */
  formStateRestoreCallback(state) { this.#replace(listed(parsed(state))); }

  get #items() { return [...this.#rows.keys()]; }
  get #ids() { return idsOf(this.#items); }

  /** Tell the form, and the page if the value has changed. */
  #update() {
    this.#value.set(this.#items);
    const value = this.#ids.join(' ');
    if (value === this.#last) return;
    this.#last = value;
    for (const name of ['input', 'change']) this.dispatchEvent(new Event(name, { bubbles: true, composed: name === 'input' }));
  }

  /** Begin with what the attributes say. */
  #read() {
    this.#isRead = true;
    this.#replace(this.storedFiles);
  }

  /** @param {FileInfo[]} files that are stored already */
  #replace(files) {
    this.#isRead = true;
    this.#clear();
    for (const info of files.filter(({ id }) => id)) this.#insert(new Item(undefined, info));
    this.#last = this.#ids.join(' '); // the page knows what it has set
    this.#update();
    if (this.isConnected && this.#isShown) this.#learn();
  }

  /** Ask for what the page has not said of its files. A token may not be allowed to read them. */
  #learn() {
    for (const [item, row] of this.#rows) {
      if (!item.name && item.isStored) item.learn(this.client).then(() => { this.#changed(item); row.showThumbnail(); }, () => {});
    }
  }

  /* ---- Files ---- */

  /** @param {File[]} files @param {string[]} folders */
  #take(files, folders) {
    const text = folders.length ? this.words.say('folder') : '';
    if (text) this.#announcer.say(text);
    this.#zone.say(text || this.#hint);
    if (files.length) this.addFiles(files);
  }

  /** @param {Item} item */
  #add(item) {
    const reason = this.#refusal(item);
    this.#insert(item);
    if (reason) this.#refuse(item, reason);
    else this.#sending.add(item);
  }

  /** @param {Item} item */
  #refusal(item) {
    const limits = this.#limits, others = this.#items.filter((each) => each.state !== 'refused');
    const own = others.filter((each) => each.isOwn);
    return (this.multiple && limits.refusalOfOneMore(others.length, own.length, this.words)) || limits.refusal(/** @type {File} */ (item.file), this.words);
  }

  /** @param {Item} item @param {string} reason */
  #refuse(item, reason) {
    Object.assign(item, { state: 'refused', reason });
    this.#changed(item);
    this.tell('picasso-failed', { ...item.detail, stage: 'upload', reason, error: null });
  }

  /** @param {Item} item */
  #insert(item) {
    const row = new Row(item, { remove: () => this.#remove(item), retry: () => this.#again(item) });
    this.#rows.set(item, row);
    this.#list.append(row.element);
    row.show(this.words, this.#isDisabled);
    row.draw();
    row.showThumbnail();
  }

  /** @param {Item} item */
  #again(item) {
    this.#announcer.begin([item], false);
    this.#sending.add(item);
    this.#zone.button.focus();
  }

  /** @param {Item} item */
  #remove(item) {
    const { element } = /** @type {Row} */ (this.#rows.get(item)), next = element.nextElementSibling ?? element.previousElementSibling;
    this.#discard(item, true);
    const button = next?.querySelector('.remove');
    (button instanceof HTMLElement ? button : this.#zone.button).focus();
    this.#announcer.say(this.words.say('removed', { name: visible(item.name) }));
    this.tell('picasso-removed', item.detail);
    this.#update();
  }

  /**
   * @param {Item} item
   * @param {boolean} [isUnwanted] somebody takes it away again. What the page clears or sets may be in use by then.
   */
  #discard(item, isUnwanted = false) {
    const row = this.#rows.get(item);
    this.#rows.delete(item);
    row?.element.remove();
    this.#sending.stop(item);
    this.#announcer.leave(item);
    if (isUnwanted && item.isOwn && item.isStored && this.#claims.scopes?.includes('files:delete')) this.client.delete(item.id).catch(() => {});
  }

  #clear() { for (const item of this.#items) this.#discard(item); }

  /* ---- What is sent, and how it goes ---- */

  /** @returns {import('./sending.js').Sender} */
  #sender() {
    const element = this;
    return {
      get client() { return element.client; },
      get parallel() { return element.parallel; },
      get side() { return element.resize; },
      get wishes() { return element.wishes; },
      changed: (item) => { this.#changed(item); this.#update(); },
      progressed: (item) => { this.#changed(item); this.tell('picasso-progress', { ...item.detail, sent: item.sent, total: item.total }); },
      uploaded: (item) => { this.tell('picasso-uploaded', item.detail); },
      processed: (item) => { this.#rows.get(item)?.showThumbnail(); this.tell('picasso-processed', item.detail); },
      failed: (item, error, stage) => this.#failed(item, error, stage),
      pauseReason: (error) => (error.status && error.isFromPicasso ? this.words.say('busy', { reason: visible(error.detail) }) : ''),
    };
  }

  /** @param {Item} item @param {unknown} error @param {'upload' | 'processing'} stage */
  #failed(item, error, stage) {
    item.reason = this.reasonOf(error);
    item.mayPass = mayPass(error);
    this.#changed(item);
    this.tell('picasso-failed', { ...item.detail, stage, reason: item.reason, error });
    this.#update();
  }

  /** @param {Item} item */
  #changed(item) {
    this.#rows.get(item)?.show(this.words, this.#isDisabled);
    this.#announcer.look();
  }

  /* ---- What is shown ---- */

  get #limits() { return new Limits(this, this.#claims); }

  get #hint() {
    const hint = this.#limits.hint(this.words, this.multiple);
    return [hint, this.required ? this.words.say('required') : ''].filter(Boolean).join(' · ');
  }

  #show() {
    this.#zone.show({ multiple: this.multiple, disabled: this.#isDisabled, accept: this.#limits.accept, hint: this.#hint });
    this.#value.set(this.#items);
  }
}
