// The view: it has the list, the selection and the place in it, and draws them.

import { html, nothing, render } from '../../core/html.js';
import { announce, toast } from '../../core/toasts.js';
import { onReached, Problem } from '../../core/api.js';
import { number } from '../../core/format.js';
import { describe, shortcut } from '../../core/keyboard.js';
import { t, tn } from '../../core/words.js';
import { Area } from './area.js';
import { bar } from './bar.js';
import { followChanges } from './changes.js';
import { KEYS, followPage, followPresses, onClick, onKey } from './keys.js';
import { addressOfFile } from './kinds.js';
import { FileList } from './list.js';
import { NEWEST_FIRST, addressOf, changed, filtersOf, layoutOf, orderOf, ownNames, withoutFilters } from './query.js';
import { tableHead } from './rows.js';
import { broughtAlong } from './requests.js';
import { Selection } from './selection.js';
import { empty, failed, loading, nothingFound, outdated } from './states.js';
import { activeFilters, closeMenus, toolbar } from './toolbar.js';

const MOST_IN_RANGE = 10_000; // files
const MOST_TAGS = 20; // to offer

export class FilesView {
  #root; #context; #query; #layout; #key = '';
  #list; #next; #area; #busy = false; #late = false; // whether something has happened since the last list was asked for
  #removed = new Set(); // ids that this window has deleted
  #own = new Set(); // ids that this window has uploaded
  #over = new AbortController();

  selection = new Selection();
  /** The place that keys act on. */
  active = 0;

  /** @param {HTMLElement} root @param {import('../../core/router.js').Context} context @param left  what `leave` gave */
  constructor(root, context, left) {
    const brought = broughtAlong();
    this.#root = root;
    this.#area = new Area(root, () => this.#shown(), (first, behind) => this.#list.need(first, behind));
    root.replaceChildren();
    this.#take(context);
    if (left?.key === this.#key && context.back) this.#resume(left);
    else this.#begin(brought);
    this.#followAll();
  }

  #followAll() {
    const { signal } = this.#over, root = this.#root;
    closeMenus(root, signal);
    followPage(this, signal);
    followChanges((seen) => this.#seen(seen), signal);
    this.#until(onReached((yes) => { if (yes && this.#list.fault?.status === 0) this.#list.retry(); }));
    this.#until(shortcut('/', { label: t('Search by name'), section: t('Files'), run: () => root.querySelector('[name=q]')?.focus() }));
    this.#until(describe(t('Files'), KEYS));
    this.#followUploads();
  }

  /** @param {() => void} stop  called when the view is left */
  #until(stop) { this.#over.signal.addEventListener('abort', stop); }

  /** The address has changed. */
  update(context) {
    const before = this.#key, layout = this.#layout;
    this.#take(context);
    if (before !== this.#key) return this.#begin();
    this.draw();
    if (layout === this.#layout) return undefined;
    if (this.#layout === 'days') this.#list.needDays();
    this.#area.arrange();
    return this.#area.rewind();
  }

  /** What `resume` needs to show it as it was. */
  leave() {
    this.#over.abort();
    this.#next?.close();
    this.#area.stop();
    this.#list.changed = () => {};
    return { key: this.#key, list: this.#list, selection: this.selection, active: this.active };
  }

  #take(context) {
    this.#context = context;
    this.#query = ownNames(context.query);
    this.#layout = layoutOf(this.#query);
    this.#key = `${filtersOf(this.#query)} ${orderOf(this.#query)}`;
  }

  /* ---- Lists: what was there stays until the next one has been read ---- */

  #resume({ list, selection, active }) {
    Object.assign(this, { selection, active });
    this.#use(list);
    list.resync();
  }

  #begin(brought) {
    this.selection.clear();
    this.active = 0;
    const list = this.#newList();
    if (brought?.files.length && this.#key === ` ${NEWEST_FIRST}` && this.#layout !== 'days') list.adopt(brought.files, brought.count);
    if (!this.#list || list.total !== null) this.#use(list);
    if (list.total !== null) return;
    this.#open(list);
    this.draw();
  }

  #newList() { return new FileList(filtersOf(this.#query), orderOf(this.#query), () => {}); }

  async #open(list) {
    this.#next?.close();
    this.#next = list;
    this.#late = false;
    this.#root.setAttribute('aria-busy', 'true');
    await list.open({ byDay: this.#layout === 'days' });
    if (this.#next !== list || this.#over.signal.aborted) return;
    this.#next = undefined;
    this.#root.removeAttribute('aria-busy');
    this.#use(list);
    this.#area.rewind();
    if (this.#late && list.total !== null) list.resync();
  }

  #use(list) {
    if (this.#list !== list) this.#list?.close();
    this.#list = list;
    list.changed = () => this.#listChanged();
    this.#listChanged();
  }

  #listChanged() {
    this.active = Math.max(0, Math.min(this.active, this.total - 1));
    if (this.#layout === 'days') this.#list.needDays();
    this.#area.arrange();
    this.draw();
  }

  /* ---- Drawing ---- */

  #shown() { return { items: this.items, layout: this.#layout, days: this.#list.days, query: this.#query, active: this.active, selected: (file) => this.selection.has(file.id), placeOf: (id) => this.#list.placeOf(id) }; }

  draw() {
    const { total } = this.#list;
    render(html`${this.#top()}${total === null ? this.#waiting() : total === 0 ? this.#none() : this.#grid()}
      <datalist id="known-tags">${this.#knownTags().map((tag) => html`<option value=${tag}></option>`)}</datalist>`, this.#root);
    this.#area.follow((element) => followPresses(element, () => this, this.#over.signal));
    this.#area.draw();
  }

  #top() {
    const list = this.#list, go = (query) => this.#go(query);
    const selection = bar({ count: this.#selected, busy: this.#busy, clear: () => this.#clearSelection(), act: (name) => this.#act(name) });
    const options = { selection, query: this.#query, layout: this.#layout, list, go, change: (changes) => go(changed(this.#query, changes)), upload, clear: () => this.clear() };
    return html`<div class="files-top">${toolbar(options)}${activeFilters(options)}
      ${list.fresh ? html`<p class="fresh"><button type="button" class="button primary" @click=${() => this.#showFresh()}>${tn('{n} new file – show', '{n} new files – show', list.fresh)}</button></p>` : nothing}
      ${list.fault && list.total !== null ? outdated(list.fault, () => list.retry()) : nothing}</div>`;
  }

  #waiting() { return this.#list.fault ? failed(this.#list.fault, () => this.#open(this.#newList())) : loading(this.#layout); }
  #none() { return this.#list.filtered ? nothingFound(() => this.clear()) : empty(upload); }

  #grid() {
    const table = this.#layout === 'table', drawn = this.items[this.active] && this.#area.isDrawn(this.active);
    return html`<p class="sr-only" id="files-keys">${t('Arrow keys move, Space selects, Enter opens, Control and A selects all.')}</p>
      <div class="grid" data-layout=${this.#layout} role="grid" tabindex="0" aria-label=${t('Files')} aria-describedby="files-keys" aria-multiselectable="true"
        aria-rowcount=${table ? this.total + 1 : this.arrangement.layout.count} aria-activedescendant=${drawn ? `file-${this.active}` : nothing}
        @keydown=${(event) => onKey(event, this)} @click=${(event) => onClick(event, this)} @dblclick=${(event) => this.#openRow(event)}>
        ${table ? tableHead(orderOf(this.#query), (sort) => this.#go(changed(this.#query, { sort: sort === NEWEST_FIRST ? null : sort }))) : nothing}
        <div class="rows" role="presentation"><div class="window" role="rowgroup"></div></div>
      </div>`;
  }

  #knownTags() { return [...new Set(this.items.slice(...this.#area.places).flatMap((file) => file?.tags ?? []))].sort().slice(0, MOST_TAGS); }

  #focus() { this.#root.querySelector('.grid, .state')?.focus({ preventScroll: true }); }

  /* ---- What keys.js asks for ---- */

  get items() { return this.#list.items; }
  get total() { return this.#list.items.length; }
  get arrangement() { return this.#area.arrangement; }
  get screen() { return this.#area.screen; }
  get #selected() { return this.selection.size(this.total); }

  activate(place) {
    this.active = place;
    this.#area.reveal(place);
    this.draw();
    this.#focus();
  }

  open(file) { this.#context.navigate(addressOfFile(file, this.#query)); }

  async selectRange(from, to, add) {
    const [first, last] = [Math.min(from, to), Math.max(from, to)];
    if (last - first >= MOST_IN_RANGE) return toast(t('Ctrl+A selects all files; a range has up to {n}.', { n: number(MOST_IN_RANGE) }));
    const files = await this.#list.range(first, last);
    if (!add) this.selection.clear();
    this.selection.add(files);
    return this.draw();
  }

  remove() { if (this.#selected) this.#act('delete'); }

  /* ---- What people do ---- */

  #go(query) { this.#context.navigate(addressOf(query), { replace: true, focus: false }); }

  clear() { this.#go(withoutFilters(this.#query)); }

  #openRow(event) {
    const place = event.target.closest('[data-place]')?.dataset.place;
    if (place !== undefined && !event.target.closest('a, .column-tick, .tick') && this.items[place]) this.open(this.items[place]);
  }

  #clearSelection() {
    this.selection.clear();
    this.draw();
    this.#focus();
  }

  async #act(name) {
    const target = { count: this.#selected, files: this.selection.files, except: this.selection.except, list: this.#list };
    this.#busy = true;
    this.draw();
    try {
      // They are needed when something is selected: the list is there without them.
      const actions = await import('./actions.js').catch(() => { throw new Problem(0); });
      await this.#actions[name](actions, target);
    } catch (fault) { toast(fault.message, { bad: true }); }
    this.#busy = false;
    this.draw();
  }

  #actions = {
    delete: ({ remove }, target) => remove(target, { gone: (ids) => this.#gone(ids), back: () => this.#back() }),
    tags: ({ changeTags }, target) => changeTags(target, this.#knownTags(), () => this.#list.refresh()),
    reprocess: ({ reprocess }, target) => reprocess(target),
    links: ({ copyLinks }, target) => copyLinks(target),
    download: ({ download }, target) => download(target),
  };

  /** These were deleted here; null if it is not known which. */
  async #gone(ids) {
    this.selection.clear();
    if (!ids) return this.#list.resync();
    for (const id of ids) this.#removed.add(id);
    await this.#area.inPlace(async () => { this.#list.remove(new Set(ids)); this.#listChanged(); });
    this.#focus();
    return this.#list.need(...this.#area.places);
  }

  /** What was deleted here has come back. */
  #back() {
    this.#removed.clear();
    return this.#area.inPlace(() => this.#list.resync());
  }

  /* ---- What happens elsewhere ---- */

  async #seen({ gone, changed: known, arrived, lost }) {
    const list = this.#list, others = new Set([...gone].filter((id) => !this.#removed.has(id)));
    this.#late = true;
    if (list.total === null) return;
    await this.#area.inPlace(async () => {
      this.selection.forget(others);
      const found = list.remove(others);
      if (found) this.#listChanged();
      if (lost || found < others.size || (list.filtered && known.size)) await list.resync();
      else if (list.knows(known)) await list.refresh(known);
    });
    if (arrived.size || (lost && list.fresh)) await this.#arrived();
  }

  async #arrived() {
    if (this.#list.total === 0) return this.#open(this.#newList());
    await this.#list.countFresh();
    return this.#showOwn();
  }

  /** What this window has uploaded appears at once where it belongs: at the beginning, if that is what is seen. */
  #showOwn() {
    const first = orderOf(this.#query) === NEWEST_FIRST && !this.#list.filtered && this.#area.isAtStart && !this.#selected;
    if (!this.#list.fresh) return;
    if (this.#own.size && first) this.#open(this.#newList());
    else announce(tn('{n} new file', '{n} new files', this.#list.fresh));
    this.#own.clear();
  }

  async #showFresh() {
    this.selection.clear();
    this.active = 0;
    await this.#open(this.#newList());
    this.#focus();
  }

  async #followUploads() {
    const { onUploaded } = await import('../../uploads/index.js').catch(() => ({}));
    if (onUploaded) this.#until(onUploaded((file) => { this.#own.add(file?.id); }));
  }
}

async function upload() { (await import('../../uploads/index.js')).chooseFiles(); }
