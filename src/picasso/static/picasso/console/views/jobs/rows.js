// The table of jobs.

import { ago, exactDate, middle, nameOf, number, percent } from '../../core/format.js';
import { html, icon, nothing, repeat } from '../../core/html.js';
import { can, path } from '../../core/session.js';
import { t } from '../../core/words.js';
import { inItsWords } from '../../parts/text.js';
import { ACTIVE, badgeOf, heldBecause, reasonWord, stateWord, timeOf } from './words.js';

/** @typedef {import('./words.js').Job} Job */

/**
 * @typedef {object} Doing
 * @property {(id: string, ticked: boolean) => void} tick
 * @property {(ticked: boolean) => void} tickAll
 * @property {(job: Job) => unknown} retry
 * @property {(job: Job) => unknown} cancel
 */

/** @param {Job[]} jobs @param {Set<string>} ticked @param {Doing} doing @param {import('../../parts/service.js').Queue[]} queues */
export function table(jobs, ticked, doing, queues) {
  const writes = can('jobs:write'), all = jobs.every(({ id }) => ticked.has(id));
  return html`
    <div class="table-wrap"><table class="table rows">
      <caption class="sr-only">${t('Jobs, newest first')}</caption>
      <thead><tr>
        ${writes ? html`<th scope="col"><span class="sr-only">${t('Tick')}</span><input type="checkbox" aria-label=${t('Tick all shown')} .checked=${all} .indeterminate=${!all && ticked.size > 0} @change=${(/** @type {any} */ event) => doing.tickAll(event.target.checked)}></th>` : nothing}
        <th scope="col">${t('File')}</th><th scope="col">${t('State')}</th><th scope="col" class="number">${t('Attempt')}</th>
        <th scope="col" class="number">${t('Time')}</th><th scope="col">${t('Asked for')}</th>
        ${writes ? html`<th scope="col"><span class="sr-only">${t('Actions')}</span></th>` : nothing}
      </tr></thead>
      <tbody>${repeat(jobs, ({ id }) => id, (job) => row(job, ticked.has(job.id), writes, doing, queues))}</tbody>
    </table></div>`;
}

/** @param {Job} job @param {boolean} ticked @param {boolean} writes @param {Doing} doing @param {import('../../parts/service.js').Queue[]} queues */
function row(job, ticked, writes, doing, queues) {
  const name = nameOf({ name: job.file_name }), held = heldBecause(job, queues);
  return html`<tr aria-selected=${ifTicked(ticked)} data-job=${job.id} data-state=${job.state}>
    ${writes ? html`<td class="tick"><label class="check"><input type="checkbox" aria-label=${t('Tick {name}', { name })} .checked=${ticked} @change=${(/** @type {any} */ event) => doing.tick(job.id, event.target.checked)}></label></td>` : nothing}
    <td class="what">
      <a href=${path(`jobs/${job.id}`)} title=${name}><bdi class="name">${middle(name, 48)}</bdi></a>
      <span class="soft small">${job.processor}${job.pipeline === 'default' ? nothing : html` · <bdi>${job.pipeline}</bdi>`}</span>
      ${job.error ? html`<span class="why small">${reasonWord(job.error.code)}<span class="soft detail"> ${inItsWords(job.error.detail)}</span></span>` : nothing}
      ${held ? html`<span class="small held">${held}</span>` : nothing}
    </td>
    <td data-label=${t('State')}><span><span class=${badgeOf(job.state)}>${stateWord(job.state)}</span>${progress(job)}</span></td>
    <td class="number" data-label=${t('Attempt')}>${number(job.attempt)}</td>
    <td class="number" data-label=${t('Time')}>${timeOf(job)}</td>
    <td data-label=${t('Asked for')}><time datetime=${job.requested_at} title=${exactDate(job.requested_at)}>${ago(job.requested_at)}</time></td>
    ${writes ? html`<td class="end">${button(job, name, doing)}</td>` : nothing}
  </tr>`;
}

/** @param {boolean} ticked */
const ifTicked = (ticked) => (ticked ? 'true' : nothing);

/** @param {Job} job */
function progress(job) {
  if (job.state !== 'running' || job.progress === null) return nothing;
  return html`<progress max="1" .value=${job.progress} aria-label=${t('Progress')}></progress><span class="small soft">${percent(job.progress)}</span>`;
}

/** @param {Job} job @param {string} name @param {Doing} doing */
const button = (job, name, { retry, cancel }) => (ACTIVE.includes(job.state)
  ? html`<button class="button quiet" type="button" aria-label=${t('Cancel {name}', { name })} @click=${() => cancel(job)}>${icon('close')}${t('Cancel')}</button>`
  : html`<button class="button quiet" type="button" aria-label=${job.state === 'done' ? t('Run again: {name}', { name }) : t('Retry {name}', { name })} @click=${() => retry(job)}>${icon('retry')}${job.state === 'done' ? t('Run again') : t('Retry')}</button>`);
