// The trash: deleted files, which can be restored or deleted for good.

import { html, nothing, render, repeat } from '../../core/html.js';
import { onReached } from '../../core/api.js';
import { confirm } from '../../core/dialogs.js';
import { follow } from '../../core/live.js';
import { can, me } from '../../core/session.js';
import { toast } from '../../core/toasts.js';
import { number } from '../../core/format.js';
import { t, tn } from '../../core/words.js';
import { withFiles } from '../files/batch.js';
import { trashDays } from '../../parts/trash.js';
import { Trash } from './list.js';
import { failed, head, loading, none, row } from './rows.js';

export const title = () => t('Trash');

const PAUSE = 500; // milliseconds from an event to the look at the list

/** @param {HTMLElement} root @param {import('../../core/router.js').Context} context */
export function mount(root, { signal }) {
  const view = new TrashView(root, signal);
  root.replaceChildren();
  view.open();
  return {};
}

class TrashView {
  #root; #trash; #chosen = new Set(); #busy = false; #planned = 0;

  constructor(root, signal) {
    this.#root = root;
    this.#trash = new Trash(signal, () => this.#draw());
    const stops = [
      follow(['file.deleted', 'file.restored'], () => this.#plan()),
      onReached((yes) => { if (yes && this.#trash.fault?.status === 0) this.open(); }),
    ];
    signal.addEventListener('abort', () => { stops.forEach((stop) => stop()); clearTimeout(this.#planned); });
    root.addEventListener('click', (event) => this.#clicked(event), { signal });
  }

  open() {
    this.#draw();
    return this.#trash.read(trashDays);
  }

  #plan() { this.#planned ||= setTimeout(() => { this.#planned = 0; this.#trash.read(); }, PAUSE); }

  #draw() {
    const { files, total, fault } = this.#trash;
    for (const id of this.#chosen) if (!files.some((file) => file.id === id)) this.#chosen.delete(id);
    render(html`<div class="view-head"><h1>${t('Trash')} ${total === null ? nothing : html`<span class="count">${number(total)}</span>`}</h1></div>
      ${fault ? failed(fault, () => this.open()) : total === null ? loading() : total === 0 ? none(me.trash_days) : this.#list(files, total)}`, this.#root);
  }

  #list(files, total) {
    const all = files.length > 0 && files.every((file) => this.#chosen.has(file.id));
    return html`<p class="soft small">${me.trash_days ? tn('Deleted files stay here for {n} day, then they are deleted for good.', 'Deleted files stay here for {n} days, then they are deleted for good.', me.trash_days)
      : t('The project has no trash any more: these files are deleted for good soon.')}</p>
      ${can('files:delete') ? this.#toolbar() : nothing}
      <div class="table-wrap" tabindex="0" role="region" aria-label=${t('Trash')}><table class="table rows">
        ${head(all, () => this.#chooseAll(!all))}
        <tbody>${repeat(files, (file) => file.id, (file) => row(file, this.#chosen.has(file.id), () => this.#choose(file.id)))}</tbody></table></div>
      ${files.length < total ? html`<p class="actions more"><button type="button" class="button" @click=${() => this.#trash.more()}>${t('Show more')}</button></p>` : nothing}`;
  }

  #toolbar() {
    const count = this.#chosen.size, off = !count || this.#busy;
    return html`<div class="toolbar" role="toolbar" aria-label=${t('Selected files')}>
      <button type="button" class="button" data-action="restore" ?disabled=${off}>${t('Restore')}</button>
      <button type="button" class="button danger" data-action="delete" ?disabled=${off}>${t('Delete for good')}</button>
      <span class="soft small">${count ? tn('{n} selected', '{n} selected', count) : t('Select files to restore or delete them.')}</span></div>`;
  }

  #choose(id) {
    if (!this.#chosen.delete(id)) this.#chosen.add(id);
    this.#draw();
  }

  #chooseAll(yes) {
    this.#chosen = new Set(yes ? this.#trash.files.map((file) => file.id) : []);
    this.#draw();
  }

  #clicked(event) {
    const name = event.target.closest('[data-action]')?.dataset.action;
    if (name === 'restore') this.#act((ids) => this.#restore(ids));
    if (name === 'delete') this.#act((ids) => this.#delete(ids));
  }

  async #act(work) {
    this.#busy = true;
    this.#draw();
    try {
      await work([...this.#chosen]);
      await this.#trash.read();
    } catch (fault) { toast(fault.message, { bad: true }); }
    this.#busy = false;
    this.#draw();
    this.#root.querySelector('.table-wrap, .state')?.focus();
  }

  async #restore(ids) {
    const { done, failed: left, reason } = await withFiles('restore', ids);
    if (done) toast(tn('{n} file is back.', '{n} files are back.', done));
    if (left) toast(reason, { bad: true });
  }

  async #delete(ids) {
    const agreed = await confirm({
      title: tn('Delete {n} file for good?', 'Delete {n} files for good?', ids.length),
      text: t('The originals and everything made from them will be deleted. This can’t be undone.'),
      action: t('Delete for good'),
      danger: true,
    });
    if (!agreed) return;
    const { done, failed: left, reason } = await withFiles('delete', ids, { permanently: true });
    if (done) toast(tn('{n} file deleted.', '{n} files deleted.', done));
    if (left) toast(reason, { bad: true });
  }
}
