// What one can do with the file.

import { html, nothing } from '../../core/html.js';
import { api } from '../../core/api.js';
import { confirm } from '../../core/dialogs.js';
import { nameOf } from '../../core/format.js';
import { can } from '../../core/session.js';
import { toast } from '../../core/toasts.js';
import { t } from '../../core/words.js';
import { attempt } from '../../parts/attempt.js';
import { trashDays } from '../../parts/trash.js';
import { about, explanation } from './codes.js';
import { askForPipeline } from './reprocess.js';

/** An action on one file, by the request for many. Throws `Problem` with what is said of this file. */
async function batch(action, id, options = {}) {
  const { results } = await api('files/batch/', { method: 'POST', body: { action, ids: [id], ...options } });
  const result = results?.[0] ?? {};
  if (result.status >= 400) throw Object.assign(new Error(result.detail), result);
}

/** Run what failed once more; a failure that will come again is said before. @param {import('./model.js').Model} model */
export async function retry(model) {
  const { error } = model.file;
  if (error && about(error.code)?.permanent && !await confirm({ title: t('Retry all the same?'), text: html`${explanation(error.code)}<p>${t('A retry ends the same way unless the settings or the program have changed.')}</p>`, action: t('Retry') })) return;
  if (await attempt(() => batch('retry', model.id))) {
    toast(t('It runs once more.'));
    await model.load();
  }
}

/** @param {import('./model.js').Model} model */
export async function reprocess(model) {
  const options = await askForPipeline(model);
  if (options && await attempt(() => batch('reprocess', model.id, options))) {
    toast(t('It is processed again in the background.'));
    await model.load();
  }
}

/** @param {import('./model.js').Model} model */
export async function setVisibility(model) {
  const wanted = model.file.visibility === 'public' ? 'private' : 'public';
  const text = html`<p>${t('Everybody who has the address may fetch the file and what was made from it, without a key and for as long as it is public.')}</p>`;
  if (wanted === 'public' && !await confirm({ title: t('Make this file public?'), text, action: t('Make public') })) return;
  if (await change(model, { visibility: wanted })) toast(wanted === 'public' ? t('The file is public.') : t('The file is private.'));
}

/** Change the description by a merge patch. @param {import('./model.js').Model} model @param {object} changes */
export async function change(model, changes) {
  const changed = await attempt(() => api(`files/${model.id}/`, { method: 'PATCH', body: changes }));
  if (changed) model.replace(changed === true ? changes : changed);
  return Boolean(changed);
}

/** Delete it: at once into a trash, from which it can come back, or for good after a question. @param {import('./model.js').Model} model */
export async function remove(model) {
  const trash = await attempt(trashDays);
  if (trash === undefined) return;
  if (!trash && !await confirm({ title: t('Delete this file?'), text: forGood(model.file), action: t('Delete'), danger: true })) return;
  if (!await attempt(() => api(`files/${model.id}/`, { method: 'DELETE' }))) return;
  model.setDeleted(trash > 0);
  toast(trash ? t('The file is in the trash.') : t('The file is deleted.'), trash ? { action: { label: t('Undo'), run: () => restore(model) } } : {});
}

const forGood = (file) => html`<p><bdi class="name">${nameOf(file)}</bdi></p><p>${t('The original and everything made from it will be deleted. This can’t be undone.')}</p>`;

/** Take it out of the trash. @param {import('./model.js').Model} model */
export async function restore(model) {
  if (!await attempt(() => api(`files/${model.id}/restore/`, { method: 'POST' }))) return;
  toast(t('The file is back.'));
  model.setRestored();
}

/** The menu of what is needed rarely. @param {import('./model.js').Model} model */
export function moreActions(model) {
  const { file } = model, isPublic = file.visibility === 'public';
  const found = [
    can('files:write') && [isPublic ? t('Make private') : t('Make public'), () => setVisibility(model)],
    can('jobs:write') && !file.quarantined && [t('Process again'), () => reprocess(model)],
    can('files:delete') && [t('Delete'), () => remove(model), 'danger'],
  ].filter(Boolean);
  if (!found.length) return nothing;
  return found.map(([label, run, name = '']) => html`<button class=${`button ${name}`} type="button" @click=${run}>${label}</button>`);
}
