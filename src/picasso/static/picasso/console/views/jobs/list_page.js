// How the list of jobs is drawn: tabs by state, filters, reasons, what can be done with many, and the table.

import { number } from '../../core/format.js';
import { html, icon, nothing } from '../../core/html.js';
import { can, path } from '../../core/session.js';
import { t, tn } from '../../core/words.js';
import { cancelOne, possible, retryOne } from './actions.js';
import { FILTERS } from './filter.js';
import { reasons } from './reasons.js';
import { table } from './rows.js';
import { empty, failure, loading } from './states.js';
import { ACTIVE, countIn, countWord, groupOf, reasonWord, STATES, stateWord } from './words.js';

/** @typedef {import('./list.js').List} List */
/** @typedef {import('./words.js').Job} Job */

/** Whether jobs of this state, or of these, have not ended. @param {string} [states] */
const isActive = (states = '') => states.split(',').every((state) => ACTIVE.includes(state));

/** @param {List} list */
export function page(list) {
  return html`
    <header class="view-head"><h1>${t('Jobs')}</h1></header>
    ${tabs(list)} ${chips(list)} ${following(list)}
    ${!list.filter.state && !list.filter.file && list.summary ? reasons(list.summary.failures, retryReason(list)) : nothing}
    ${body(list)}`;
}

/** @param {List} list */
const retryReason = (list) => (/** @type {import('./reasons.js').Reason} */ reason) => list.allThatMatch(
  'retry', { state: 'failed', error: reason.error, processor: reason.processor }, reason.final,
);

/** @param {List} list */
function tabs(list) {
  const { state, ...others } = list.filter;
  const link = (/** @type {string} */ value) => path(`jobs/?${new URLSearchParams({ ...others, ...(value && { state: value }) })}`.replace(/\?$/, ''));
  const one = (/** @type {string} */ value, /** @type {string} */ label) => {
    const counted = countIn(list.summary, value);
    return html`<a href=${link(value)} data-tab=${value.split(',')[0] || 'all'} aria-current=${groupOf(state) === value ? 'page' : nothing}>${label}
      ${counted ? html`<span class=${`badge ${value === 'failed' && counted.count ? 'bad' : ''}`}>${countWord(counted, number)}</span>` : nothing}</a>`;
  };
  return html`<nav class="tabs" aria-label=${t('States')}>${one('', t('All'))}${STATES.map((each) => one(each, stateWord(each)))}</nav>`;
}

/** @param {List} list */
function chips(list) {
  const names = FILTERS.filter((name) => name !== 'state' && list.filter[name]);
  if (!names.length) return nothing;
  return html`<p class="toolbar" aria-label=${t('Filters')} role="group">${names.map((name) => {
    const { [name]: value, ...rest } = list.filter;
    const label = chipLabel(name, value);
    return html`<a class="chip chosen" href=${path(`jobs/?${new URLSearchParams(rest)}`)} aria-label=${t('Remove the filter {label}', { label })}><bdi>${label}</bdi> ${icon('close')}</a>`;
  })}</p>`;
}

/** @param {string} name @param {string} value */
function chipLabel(name, value) {
  if (name === 'error') return reasonWord(value);
  if (name === 'file') return t('Of one file');
  return { processor: t('Processor: {value}', { value }), queue: t('Queue: {value}', { value }), pipeline: t('Pipeline: {value}', { value }) }[name] ?? value;
}

/** @param {List} list */
function following({ followed, summary }) {
  if (!followed) return nothing;
  const counts = STATES.filter(isActive).map((state) => `${stateWord(state)}: ${number(countIn(summary, state)?.count ?? 0)}`).join(' · ');
  return html`<p class="notice" role="status">${tn('{n} job runs again.', '{n} jobs run again.', followed.count)} <span class="number">${counts}</span></p>`;
}

/** @param {List} list */
function body(list) {
  const { jobs, problem } = list;
  if (!jobs) return problem ? failure(problem, () => list.run?.()) : loading();
  const lost = problem ? html`<p class="notice waiting" role="status">${t('This is the last known state: the server can’t be reached.')}</p>` : nothing;
  if (!jobs.length) return html`${lost}${nothingHere(list)}`;
  return html`${lost}${bar(list)}${table(jobs, list.ticked, {
    tick: (id, ticked) => { list.ticked[ticked ? 'add' : 'delete'](id); list.draw(); },
    tickAll: (ticked) => { list.ticked = new Set(ticked ? jobs.map(({ id }) => id) : []); list.draw(); },
    retry: (job) => list.one(retryOne, job),
    cancel: (job) => list.one(cancelOne, job),
  }, list.queues)}
  ${list.next ? html`<p class="actions more"><button class="button" type="button" aria-busy=${list.busy === 'more' ? 'true' : nothing} @click=${() => list.more()}>${t('Show more')}</button></p>` : nothing}`;
}

/** @param {List} list */
function nothingHere({ filter }) {
  if (filter.state === 'failed') return empty(t('Nothing has failed'));
  if (Object.keys(filter).length) return empty(t('No job matches'), '', html`<p class="actions"><a class="button" href=${path('jobs/')}>${t('Show all jobs')}</a></p>`);
  return empty(t('There are no jobs yet'), t('Each upload gets some: thumbnails, text, facts.'), html`<p class="actions"><a class="button primary" href=${path('')}>${t('Upload a file')}</a></p>`);
}

/** What can be done with the ticked jobs, or with all that match. @param {List} list */
function bar(list) {
  if (!can('jobs:write')) return nothing;
  const chosen = (list.jobs ?? []).filter(({ id }) => list.ticked.has(id));
  if (chosen.length) return tickedBar(list, chosen);
  const { matching, filter } = list;
  if (!matching?.count) return nothing;
  const n = countWord(matching, number), one = matching.count === 1 && !matching.more, active = isActive(filter.state);
  return html`<div class="toolbar" role="group" aria-label=${t('All that match')}>
    ${active ? nothing : html`<button class="button" type="button" data-action="retry-all" aria-busy=${list.busy ? 'true' : nothing} @click=${() => list.allOfThem('retry')}>${icon('retry')}${retryLabel(filter.state, n, one)}</button>`}
    ${!filter.state || active ? html`<button class="button danger" type="button" data-action="cancel-all" aria-busy=${list.busy ? 'true' : nothing} @click=${() => list.allOfThem('cancel')}>${icon('close')}${cancelLabel(active, n, one)}</button>` : nothing}
    <span class="soft small">${t('Or tick some.')}</span>
  </div>`;
}

/** @param {string | undefined} state @param {string} n @param {boolean} one */
function retryLabel(state, n, one) {
  if (!state) return t('Retry those that failed');
  if (one) return state === 'done' ? t('Run again') : t('Retry');
  return state === 'done' ? t('Run all {n} again', { n }) : t('Retry all {n}', { n });
}

/** @param {boolean} active @param {string} n @param {boolean} one */
function cancelLabel(active, n, one) {
  if (!active) return t('Cancel those that have not ended');
  return one ? t('Cancel the job') : t('Cancel all {n}', { n });
}

/** @param {List} list @param {Job[]} chosen */
function tickedBar(list, chosen) {
  const ended = possible(chosen).retry.length, active = possible(chosen).cancel.length;
  return html`<div class="toolbar" role="group" aria-label=${t('Ticked jobs')}>
    <strong>${tn('{n} ticked', '{n} ticked', chosen.length)}</strong>
    ${ended ? html`<button class="button" type="button" data-action="retry-ticked" aria-busy=${list.busy ? 'true' : nothing} @click=${() => list.tickedOnes('retry')}>${icon('retry')}${ended === 1 ? t('Retry') : t('Retry {n}', { n: number(ended) })}</button>` : nothing}
    ${active ? html`<button class="button danger" type="button" data-action="cancel-ticked" aria-busy=${list.busy ? 'true' : nothing} @click=${() => list.tickedOnes('cancel')}>${icon('close')}${tn('Cancel {n} job', 'Cancel {n} jobs', active)}</button>` : nothing}
    <button class="button quiet" type="button" @click=${() => { list.ticked = new Set(); list.draw(); }}>${t('Untick all')}</button>
  </div>`;
}
