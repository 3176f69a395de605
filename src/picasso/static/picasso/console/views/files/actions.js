// What can be done with the selected files.

import { html } from '../../core/html.js';
import { copy } from '../../core/clipboard.js';
import { announce, toast } from '../../core/toasts.js';
import { confirm, sheet } from '../../core/dialogs.js';
import { number, webUrl } from '../../core/format.js';
import { path } from '../../core/router.js';
import { me } from '../../core/session.js';
import { t, tn } from '../../core/words.js';
import { trashDays } from '../../parts/trash.js';
import { AT_ONCE, withAll, withFiles } from './batch.js';

const MOST_IDS = 10_000; // that a request may name, and that are read for it
const MOST_LINKS = 1000;

/**
 * What is selected: files, or all of a filter.
 * @typedef {object} Target
 * @property {number} count
 * @property {object[] | null} files  null for all of the list
 * @property {Set<string>} except  of all
 * @property {import('./list.js').FileList} list
 */

/** Do an action with them. @param {Target} target @returns {Promise<import('./batch.js').Result>} */
async function apply(action, target, options) {
  const { files, list, except } = target;
  if (!files && !except.size && list.where) return withAll(action, list.where, options);
  return withFiles(action, (await filesOf(target, MOST_IDS)).map((file) => file.id), options);
}

/** The files themselves. @param {Target} target */
async function filesOf({ files, list, except, count }, most) {
  if (count > most) throw new Error(t('That is possible with up to {n} files at once.', { n: number(most) }));
  return files ?? (await list.all(most + except.size)).filter((file) => !except.has(file.id));
}

/** Tell of faults; the others went well. */
function tellFailed({ failed, reason }) {
  if (failed) toast(`${tn('It failed with {n} file.', 'It failed with {n} files.', failed)} ${reason}`, { bad: true });
}

/**
 * Delete; with a trash they can come back at once.
 * @param {Target} target @param {{gone: (ids: string[] | null) => void, back: () => void}} then  null: not known which
 */
export async function remove(target, { gone, back }) {
  const trash = await trashDays() > 0;
  if ((!trash || target.count > AT_ONCE) && !await confirmed(target.count, trash)) return;
  const result = await apply('delete', target);
  gone(result.ids.length || !result.done ? result.ids : null);
  const text = trash ? tn('{n} file is in the trash.', '{n} files are in the trash.', result.done) : tn('{n} file deleted.', '{n} files deleted.', result.done);
  if (result.done) toast(text, trash ? { action: undoing(result.ids, back) } : {});
  tellFailed(result);
}

function confirmed(count, trash) {
  return confirm({
    title: tn('Delete {n} file?', 'Delete {n} files?', count),
    text: trash ? tn('It can be restored from the trash for {n} day.', 'They can be restored from the trash for {n} days.', me.trash_days)
      : t('The originals and everything made from them will be deleted. This can’t be undone.'),
    action: t('Delete'),
    danger: true,
  });
}

function undoing(ids, back) {
  if (!ids.length) return { label: t('Open the trash'), run: () => location.assign(path('trash/')) };
  return {
    label: t('Undo'),
    run: async () => {
      try {
        const result = await withFiles('restore', ids);
        announce(tn('{n} file is back.', '{n} files are back.', result.done));
        tellFailed(result);
      } catch (fault) { toast(fault.message, { bad: true }); }
      back();
    },
  };
}

/** Ask for tags, and add or remove them. @param {Target} target @param {string[]} known  tags to offer */
export function changeTags(target, known, done) {
  let error = '';
  const opened = sheet({
    title: tn('Tags of {n} file', 'Tags of {n} files', target.count),
    content: () => html`<form class="dialog-body" id="tags-form" @submit=${(event) => { event.preventDefault(); change('tag'); }}>
      <p class="field"><label for="tags-field">${t('Tags, with commas')}</label>
        <input id="tags-field" name="tags" type="text" list="known-tags" required autofocus autocomplete="off" aria-describedby="tags-error">
        <span class="error" id="tags-error" role="alert">${error}</span></p>
      ${known.length ? html`<p class="actions">${known.map((tag) => html`<button type="button" class="chip" @click=${() => offer(tag)}><bdi>${tag}</bdi></button>`)}</p>` : ''}
    </form>`,
    actions: () => html`<button class="button" type="button" @click=${() => field().reportValidity() && change('untag')}>${t('Remove tags')}</button>
      <button class="button primary" type="submit" form="tags-form">${t('Add tags')}</button>`,
  });
  const field = () => opened.element.querySelector('#tags-field');
  const offer = (tag) => { field().value = [...tagsIn(field().value), tag].join(', '); field().focus(); };
  const change = async (action) => {
    try {
      const result = await apply(action, target, { tags: tagsIn(field().value) });
      opened.close();
      toast(tn('Tags of {n} file changed.', 'Tags of {n} files changed.', result.done));
      tellFailed(result);
      done();
    } catch (fault) {
      error = fault.message;
      opened.update();
    }
  };
}

const tagsIn = (text) => [...new Set(text.split(',').map((tag) => tag.trim()).filter(Boolean))];

/** Run the processing again. @param {Target} target */
export async function reprocess(target) {
  const result = await apply('reprocess', target);
  toast(tn('{n} file is being processed again.', '{n} files are being processed again.', result.done));
  tellFailed(result);
}

/** Copy the addresses, a line each. @param {Target} target */
export async function copyLinks(target) {
  const files = await filesOf(target, MOST_LINKS);
  const copied = await copy(files.map((file) => new URL(webUrl(file.file), location.href).href).join('\n'));
  if (!copied) throw new Error(t('The links could not be copied.'));
  toast(tn('{n} link copied.', '{n} links copied.', files.length));
}

/** Download them as one ZIP file. @param {Target} target */
export async function download(target) {
  const { MOST_FILES, saveZip } = await import('./zip.js');
  await saveZip(await filesOf(target, MOST_FILES));
}
