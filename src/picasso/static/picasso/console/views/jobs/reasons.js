// The failed jobs by reason: how many, an example, and what one can do with all of them.

import { middle, nameOf, number } from '../../core/format.js';
import { html, icon, nothing } from '../../core/html.js';
import { can, path } from '../../core/session.js';
import { t, tn } from '../../core/words.js';
import { inItsWords } from '../../parts/text.js';
import { adviceFor, countWord, reasonWord } from './words.js';

/**
 * @typedef {object} Reason
 * @property {string} error
 * @property {string} processor
 * @property {number} count
 * @property {boolean} more
 * @property {boolean} final
 * @property {import('./words.js').Job} example
 */

/** @param {Reason[]} found @param {(reason: Reason) => unknown} retry */
export function reasons(found, retry) {
  if (!found.length) return nothing;
  return html`
    <section class="reasons" aria-labelledby="job-reasons">
      <h2 id="job-reasons">${t('Failed by reason')}</h2>
      <ul class="cards">${found.map((each) => card(each, retry))}</ul>
    </section>`;
}

/** @param {Reason} reason @param {(reason: Reason) => unknown} retry */
function card(reason, retry) {
  const name = nameOf({ name: reason.example.file_name }), title = reasonWord(reason.error), one = reason.count === 1 && !reason.more;
  return html`<li class="card reason" data-error=${reason.error} data-processor=${reason.processor}>
    <h3>${title} <span class="badge bad number">${tn('{n} job', '{n} jobs', reason.count, { n: countWord(reason, number) })}</span></h3>
    <p class="soft small">${reason.processor} · <code>${reason.error}</code></p>
    <p class="small">${t('For example')} <a href=${path(`jobs/${reason.example.id}`)} title=${name}><bdi>${middle(name, 32)}</bdi></a>:
      ${inItsWords(reason.example.error?.detail)}</p>
    <p class="small soft">${adviceFor(reason.example)}</p>
    <p class="actions">
      <a class="button" href=${filtered(reason)} aria-label=${t('Show the jobs: {reason}, {processor}', { reason: title, processor: reason.processor })}>${t('Show')}</a>
      ${can('jobs:write') ? html`<button class="button" type="button" aria-label=${one ? t('Retry: {reason}, {processor}', { reason: title, processor: reason.processor }) : t('Retry all: {reason}, {processor}', { reason: title, processor: reason.processor })} @click=${() => retry(reason)}>${icon('retry')}${one ? t('Retry') : t('Retry all')}</button>` : nothing}
    </p>
  </li>`;
}

/** @param {Reason} reason */
const filtered = ({ error, processor }) => path(`jobs/?${new URLSearchParams({ state: 'failed', error, processor })}`);
