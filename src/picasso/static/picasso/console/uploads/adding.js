// The part of the tray that brings files in: dialogs, the pipeline and the tags.

import { html, nothing } from '../core/html.js';
import { bytes, visible } from '../core/format.js';
import { t } from '../core/words.js';
import { chosenPipeline, options, setTags, sizeLimit } from './options.js';

const TROUBLES = {
  many: () => t('A file has at most 50 tags.'),
  long: () => t('A tag has at most 64 characters.'),
};

/** @param {import('./picker.js').Picker} picker @param {() => void} changed */
export function adding(picker, changed) {
  return html`
    <div class="dock-add">
      <p class="dock-choose">
        <button class="button primary" type="button" data-action="choose-files" @click=${() => picker.files()}>${t('Choose files')}</button>
        <button class="button" type="button" data-action="choose-folder" @click=${() => picker.folder()}>${t('Choose a folder')}</button>
        ${picker.hasCamera ? html`<button class="button" type="button" data-action="camera" @click=${() => picker.camera()}>${t('Take a photo')}</button>` : nothing}
      </p>
      <p class="hint">${hint()}</p>
      <details class="dock-more-options">
        <summary>${summary()}</summary>
        <div class="dock-options">${pipelineField(changed)}${tagsField(changed)}</div>
      </details>
    </div>`;
}

/** What is chosen is to be seen also while the fields are folded. */
function summary() {
  const chosen = [options.pipeline, options.tags.join(', ')].filter(Boolean).map(visible).join(' · ');
  const label = options.pipelines.length < 2 ? t('Tags') : t('Pipeline and tags');
  return chosen ? html`${label}: <bdi>${chosen}</bdi>` : label;
}

function hint() {
  const limit = sizeLimit(), types = chosenPipeline()?.allowed_types ?? [];
  return [
    t('Or drop them anywhere, or paste them.'),
    limit && t('Up to {size} each.', { size: bytes(limit) }),
    types.length > 0 && t('Accepted: {types}.', { types: types.join(', ') }),
  ].filter(Boolean).join(' ');
}

function pipelineField(changed) {
  if (options.pipelines.length < 2) return nothing;
  const choose = ({ target }) => { options.pipeline = target.value; changed(); };
  return html`<label class="field">
    <span class="label">${t('Pipeline')}</span>
    <select id="dock-pipeline" @change=${choose}>
      ${options.pipelines.map(({ name }) => html`<option value=${name} ?selected=${name === (options.pipeline || 'default')}>${name}</option>`)}
    </select>
  </label>`;
}

let trouble = '';

function tagsField(changed) {
  const choose = ({ target }) => { trouble = setTags(target.value); changed(); };
  return html`<label class="field">
    <span class="label">${t('Tags, with commas between them')}</span>
    <input id="dock-tags" type="text" autocomplete="off" aria-invalid=${Boolean(trouble)} aria-describedby="dock-tags-trouble" @input=${choose}>
    <span class="error" id="dock-tags-trouble">${TROUBLES[trouble]?.() ?? ''}</span>
  </label>`;
}
