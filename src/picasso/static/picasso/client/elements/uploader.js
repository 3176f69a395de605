// <picasso-uploader>: chooses files, sends them, and is a control of its form, whose value are the ids of the files.

import { PicassoError } from '../errors.js';
import { Announcer } from './announcer.js';
import { takeDrops, takePastes } from './drops.js';
import { icon, make, set, write } from './dom.js';
import { visible } from './format.js';
import { FormValue, idsOf } from './form_value.js';
import { Item, Row } from './item.js';
import { Limits } from './limits.js';
import { Sending } from './sending.js';
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
  #input = make('input', { type: 'file', hidden: true, tabindex: -1, onchange: () => this.#chosen() });
  #label = make('span');
  #button = make('button', { type: 'button', part: 'button choose', class: 'choose', 'aria-describedby': 'hint', onclick: () => this.open() }, icon('upload'), this.#label);
  #invite = make('span', { part: 'invite', class: 'invite', 'aria-hidden': 'true' });
  #hint = make('p', { part: 'hint', class: 'hint', id: 'hint' });
  #drop = make('div', { part: 'dropzone', class: 'drop' }, this.#input, this.#button, this.#invite, this.#hint);
  #list = make('ul', { part: 'list', class: 'list', role: 'list' });
  #status = make('span', { role: 'status', class: 'quiet' });
  #value = new FormValue(this.#internals, this, this.#button);
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
    this.root.append(this.#drop, this.#list, this.#status);
    const target = { isOpen: () => !this.#isDisabled, over: (/** @type {boolean} */ is) => this.#over(is), take: this.#dropped.bind(this) };
    takeDrops(this.#drop, target);
    takePastes(this, target);
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
  open() { if (!this.#isDisabled) this.#input.click(); }

  /** Add files as if somebody had chosen them. @param {Iterable<File>} files */
  addFiles(files) {
    const chosen = this.multiple ? Array.from(files) : Array.from(files).slice(0, 1);
    const added = chosen.map((file) => new Item(file)).filter((item) => this.tell('picasso-added', { file: item.file, key: item.key }, true));
    if (added.length && !this.multiple) this.#clear();
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
    const ids = (this.getAttribute('value') ?? '').split(/[\s,]+/).filter(Boolean), known = listed(parsed(this.getAttribute('files')));
    this.#replace(known.length ? known : ids.map((id) => /** @type {FileInfo} */ ({ id })));
  }

  /** @param {FileInfo[]} files that are stored already */
  #replace(files) {
    this.#isRead = true;
    this.#clear();
    for (const info of files.filter(({ id }) => id)) this.#known(info);
    this.#last = this.#ids.join(' '); // the page knows what it has set
    this.#update();
    if (this.isConnected && this.#isShown) this.#learn();
  }

  /** @param {FileInfo} info */
  #known(info) {
    const item = new Item(undefined, info);
    Object.assign(item, { state: 'settled', isOwn: false });
    this.#insert(item);
  }

  /** Ask for what the page has not said of its files. A token may not be allowed to read them. */
  #learn() {
    for (const [item, row] of this.#rows) {
      if (item.name || !item.isStored) continue;
      this.client.file(item.id).then((info) => {
        Object.assign(item, { info, total: info.size });
        this.#changed(item);
        row.showThumbnail();
      }, () => {});
    }
  }

  /* ---- Files ---- */

  #chosen() {
    const files = Array.from(this.#input.files ?? []);
    this.#input.value = ''; // the same file may be chosen again
    this.addFiles(files);
  }

  /** @param {File[]} files @param {string[]} folders */
  #dropped(files, folders) {
    if (folders.length) this.#announcer.say(this.words.say('folder'));
    this.#showHint(folders.length ? this.words.say('folder') : this.#hintText);
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
    const { maxFiles } = this, ofToken = this.#claims.max_files, file = /** @type {File} */ (item.file);
    const others = this.#items.filter((each) => each.state !== 'refused'), own = others.filter((each) => each.isOwn);
    if (this.multiple && others.length >= (maxFiles ?? Infinity)) return this.words.say('tooMany', { n: maxFiles ?? 0 });
    if (this.multiple && own.length >= (ofToken ?? Infinity)) return this.words.say('tooMany', { n: ofToken ?? 0 });
    return this.#limits.refusal(file, this.words);
  }

  /** @param {Item} item @param {string} reason */
  #refuse(item, reason) {
    Object.assign(item, { state: 'refused', reason });
    this.#changed(item);
    this.tell('picasso-failed', { ...detailOf(item), stage: 'upload', reason, error: null });
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
    this.#button.focus();
  }

  /** @param {Item} item */
  #remove(item) {
    const { element } = /** @type {Row} */ (this.#rows.get(item)), next = element.nextElementSibling ?? element.previousElementSibling;
    this.#discard(item);
    const button = next?.querySelector('.remove');
    (button instanceof HTMLElement ? button : this.#button).focus();
    this.#announcer.say(this.words.say('removed', { name: visible(item.name) }));
    this.tell('picasso-removed', detailOf(item));
    this.#update();
  }

  /** @param {Item} item */
  #discard(item) {
    const row = this.#rows.get(item);
    this.#rows.delete(item);
    row?.element.remove();
    this.#sending.stop(item);
    this.#announcer.leave(item);
    // Only what this page has uploaded and the token may delete: nobody else knows of it yet.
    if (item.isOwn && item.isStored && this.#claims.scopes?.includes('files:delete')) this.client.delete(item.id).catch(() => {});
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
      progressed: (item) => { this.#changed(item); this.tell('picasso-progress', { ...detailOf(item), sent: item.sent, total: item.total }); },
      uploaded: (item) => { this.tell('picasso-uploaded', detailOf(item)); },
      processed: (item) => { this.#rows.get(item)?.showThumbnail(); this.tell('picasso-processed', detailOf(item)); },
      failed: (item, error, stage) => this.#failed(item, error, stage),
      pauseReason: (error) => (error.status && error.isFromPicasso ? this.words.say('busy', { reason: visible(error.detail) }) : ''),
    };
  }

  /** @param {Item} item @param {unknown} error @param {'upload' | 'processing'} stage */
  #failed(item, error, stage) {
    item.reason = this.reasonOf(error);
    item.mayPass = mayPass(error);
    this.#changed(item);
    this.tell('picasso-failed', { ...detailOf(item), stage, reason: item.reason, error });
    this.#update();
  }

  /** @param {Item} item */
  #changed(item) {
    this.#rows.get(item)?.show(this.words, this.#isDisabled);
    this.#announcer.look();
  }

  /* ---- What is shown ---- */

  get #limits() { return new Limits(this, this.#claims); }

  get #hintText() {
    const hint = this.#limits.hint(this.words, this.multiple);
    return [hint, this.required ? this.words.say('required') : ''].filter(Boolean).join(' · ');
  }

  #show() {
    const { words, multiple } = this;
    write(this.#label, words.say(multiple ? 'chooseMany' : 'choose'));
    this.#over(false);
    this.#showHint(this.#hintText);
    this.#button.disabled = this.#isDisabled;
    set(this.#input, 'multiple', multiple);
    set(this.#input, 'accept', this.#limits.accept || undefined);
    this.#value.set(this.#items);
  }

  /** @param {string} text */
  #showHint(text) {
    write(this.#hint, text);
    this.#hint.hidden = !text;
  }

  /** @param {boolean} isOver a drag */
  #over(isOver) {
    this.#drop.classList.toggle('over', isOver);
    write(this.#invite, this.words.say(isOver ? 'dropNow' : this.multiple ? 'dropMany' : 'drop'));
  }
}

/** Whether the same upload may succeed later, maybe with another token. @param {unknown} error */
const mayPass = (error) => !(error instanceof PicassoError) || !error.isFromPicasso || error.isTemporary || [401, 403].includes(error.status) || error.code === 'quota-exceeded';

/** For events. @param {Item} item */
const detailOf = ({ key, file, info, name }) => ({ key, file, name, info: info ?? null });

/** @param {unknown} value @returns {FileInfo[]} */
const listed = (value) => (Array.isArray(value) ? value : value ? [value] : []).filter((each) => each?.id);
