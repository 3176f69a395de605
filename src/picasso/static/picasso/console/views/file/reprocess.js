// Asks by which pipeline the file is to be processed again.

import { html, nothing } from '../../core/html.js';
import { api } from '../../core/api.js';
import { sheet } from '../../core/dialogs.js';
import { visible } from '../../core/format.js';
import { can } from '../../core/session.js';
import { t } from '../../core/words.js';

/** @param {import('./model.js').Model} model @returns {Promise<{pipeline?: string} | null>} null if it is not to be */
export async function askForPipeline(model) {
  const names = can('files:write') ? await pipelines() : [];
  const current = model.jobs?.at(-1)?.pipeline;
  return new Promise((done) => {
    let answer = null;
    const { element } = sheet({
      title: t('Process again?'),
      content: () => html`<div class="dialog-body">
        <p>${t('All processors of its pipeline run again. The results of before stay until there are new ones.')}</p>
        ${names.length > 1 ? choice(names, current) : nothing}</div>`,
      actions: (close) => html`
        <button class="button" type="button" @click=${close}>${t('Cancel')}</button>
        <button class="button primary" type="button" data-action="agree" @click=${() => { answer = { pipeline: chosen(element, current) }; close(); }}>${t('Process again')}</button>`,
      onClose: () => done(answer),
    });
  });
}

const pipelines = () => api('pipelines/').then((found) => (found.results ?? found).map(({ name }) => name), () => []);

function choice(names, current) {
  return html`<p class="field"><label for="reprocess-pipeline">${t('Pipeline')}</label>
    <select id="reprocess-pipeline">
      ${names.map((name) => html`<option value=${name} ?selected=${name === current}>${visible(name)}</option>`)}
    </select></p>`;
}

/** Undefined for that of the file. */
function chosen(element, current) {
  const name = element.querySelector('select')?.value;
  return name === current ? undefined : name;
}
