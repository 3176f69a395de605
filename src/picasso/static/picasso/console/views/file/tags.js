// The tags of the file: add and remove.

import { html, nothing } from '../../core/html.js';
import { visible } from '../../core/format.js';
import { path } from '../../core/router.js';
import { can } from '../../core/session.js';
import { announce } from '../../core/toasts.js';
import { t } from '../../core/words.js';
import { change } from './actions.js';

/** @param {import('./model.js').Model} model */
export function tagList(model) {
  const { tags } = model.file, may = can('files:write');
  if (!tags.length && !may) return nothing;
  return html`
    ${tags.length ? html`<ul class="tags" aria-label=${t('Tags')}>${tags.map((tag) => html`
      <li class="chip"><a href=${`${path()}?tag=${encodeURIComponent(tag)}`}><bdi>${visible(tag)}</bdi></a>
        ${may ? html`<button class="tag-remove" type="button" aria-label=${t('Remove the tag {tag}', { tag: visible(tag) })} @click=${() => remove(model, tag)}>×</button>` : nothing}</li>`)}
    </ul>` : nothing}
    ${may ? html`
      <form class="tag-add" @submit=${(event) => add(event, model)}>
        <input name="tag" maxlength="100" autocomplete="off" aria-label=${t('New tag')} placeholder=${t('New tag')}>
        <button class="button" type="submit">${t('Add')}</button>
      </form>` : nothing}`;
}

async function remove(model, tag) {
  if (await change(model, { tags: model.file.tags.filter((each) => each !== tag) })) announce(t('Removed'));
}

async function add(event, model) {
  event.preventDefault();
  const input = event.target.elements.tag, tag = input.value.trim();
  if (!tag) return;
  if (await change(model, { tags: [...new Set([...model.file.tags, tag])] })) {
    input.value = '';
    announce(t('Added'));
  }
  input.focus();
}
