// One job: how far it is, why it failed and what one can do, its times and its log.

import { api } from '../../core/api.js';
import { ago, duration, exactDate, nameOf, percent, visible } from '../../core/format.js';
import { html, icon, nothing, render } from '../../core/html.js';
import { service, watchService } from '../../parts/service.js';
import { can, path } from '../../core/session.js';
import { toast } from '../../core/toasts.js';
import { t } from '../../core/words.js';
import { cancelOne, retryOne } from './actions.js';
import { inItsWords, keepingEnd } from '../../parts/text.js';
import { refreshing } from './refresh.js';
import { empty, failure, loading } from './states.js';
import { ACTIVE, adviceFor, badgeOf, heldBecause, reasonWord, stateWord } from './words.js';

/** @typedef {import('./words.js').Job} Job */

/** @param {HTMLElement} place @param {string} id @param {import('../../core/router.js').Context} context */
export function mountDetail(place, id, { signal: left, setTitle }) {
  const leave = new AbortController();
  const signal = AbortSignal.any([left, leave.signal]);
  /** @type {{job?: Job, problem?: any}} */
  const state = {};
  const draw = () => { if (!signal.aborted) keepingEnd(place, () => render(page(state, { again: run, act }), place)); };
  const read = async () => {
    try {
      Object.assign(state, { job: await api(`jobs/${id}/`, { signal }), problem: undefined });
      setTitle(t('{processor} on {name}', { processor: state.job?.processor, name: nameOf({ name: state.job?.file_name }) }));
    } catch (problem) {
      if (signal.aborted) return;
      state.problem = problem;
    }
    draw();
  };
  const run = refreshing({ types: ['file.*', 'job.*'], read, pause: () => (state.job && ACTIVE.includes(state.job.state) ? 2000 : 15_000), signal });
  const act = async (/** @type {(job: Job) => Promise<boolean>} */ action) => {
    try {
      if (state.job && await action(state.job)) await run();
    } catch (problem) {
      toast(problem.detail ?? String(problem), { bad: true });
      await run();
    }
  };
  signal.addEventListener('abort', watchService(draw));
  draw();
  run();
  return { unmount: () => { leave.abort(); render(nothing, place); } };
}

/** @typedef {{again: () => unknown, act: (action: (job: Job) => Promise<boolean>) => unknown}} Doing */

/** @param {{job?: Job, problem?: any}} state @param {Doing} doing */
function page({ job, problem }, doing) {
  const heading = html`<header class="view-head"><h1>${t('Job')}</h1></header>`;
  if (problem?.status === 404) return html`${heading}${empty(t('There is no such job'), t('It may have been deleted with its file.'), back())}`;
  if (!job) return html`${heading}${problem ? failure(problem, doing.again) : loading()}`;
  return html`
    <header class="view-head">
      <h1>${t('{processor} on', { processor: job.processor })} <bdi class="name">${nameOf({ name: job.file_name })}</bdi></h1>
      <span class=${badgeOf(job.state)} data-state=${job.state}>${stateWord(job.state)}</span>
      ${buttons(job, doing)}
    </header>
    <div class="stack">
      ${problem ? html`<p class="notice waiting" role="status">${t('These are the last known facts: the server can’t be reached.')}</p>` : nothing}
      ${progressOf(job)} ${reason(job)}
      <section class="card" aria-labelledby="job-facts"><h2 id="job-facts">${t('Facts')}</h2>${facts(job)}</section>
      <section class="card" aria-labelledby="job-log"><h2 id="job-log">${t('Log')}</h2>
        ${job.log ? html`<pre tabindex="0" aria-labelledby="job-log" ?data-grows=${job.state === 'running'}><bdi>${visible(job.log, '\n\t')}</bdi></pre>` : html`<p class="soft">${job.state === 'running' ? t('The processor has printed nothing so far.') : t('The processor has printed nothing.')}</p>`}
      </section>
      <p class="actions">
        <a class="button" href=${path(`files/${job.file}`)}>${t('Open the file')}</a>
        <a class="button" href=${path(`jobs/?file=${job.file}`)}>${t('All jobs of this file')}</a>
        ${back()}
      </p>
    </div>`;
}

const back = () => html`<a class="button quiet" href=${path('jobs/')}>${t('All jobs')}</a>`;

/** @param {Job} job @param {Doing} doing */
function buttons(job, { act }) {
  if (!can('jobs:write')) return nothing;
  return html`<div class="actions">
    ${ACTIVE.includes(job.state)
      ? html`<button class="button danger" type="button" data-action="cancel" @click=${() => act(cancelOne)}>${icon('close')}${t('Cancel the job')}</button>`
      : html`<button class="button" type="button" data-action="retry" @click=${() => act(retryOne)}>${icon('retry')}${job.state === 'done' ? t('Run again') : t('Retry')}</button>`}
  </div>`;
}

/** @param {Job} job */
function progressOf(job) {
  const held = heldBecause(job, service()?.queues);
  if (job.state !== 'running') return held ? html`<p class="notice waiting">${held}</p>` : nothing;
  const known = job.progress !== null;
  return html`<section class="card" aria-label=${t('Progress')}>
    <progress max="1" .value=${known ? job.progress : 0} aria-label=${t('Progress')} ?hidden=${!known}></progress>
    <p class="small">${known ? t('{share} after {time}', { share: percent(job.progress ?? 0), time: duration(job.ran ?? 0) }) : t('Runs for {time}', { time: duration(job.ran ?? 0) })}</p>
  </section>`;
}

/** @param {Job} job */
function reason(job) {
  if (!job.error) return nothing;
  return html`<section class=${`notice ${job.state === 'failed' ? 'bad' : 'waiting'}`} aria-labelledby="job-reason">
    <h2 id="job-reason">${reasonWord(job.error.code)}</h2>
    <p>${inItsWords(job.error.detail)} <code>${job.error.code}</code></p>
    <p>${adviceFor(job)}</p>
  </section>`;
}

/** @param {Job} job */
function facts(job) {
  const moment = (/** @type {string | null} */ at) => (at ? html`<time datetime=${at} title=${exactDate(at)}>${exactDate(at)}</time> <span class="soft">(${ago(at)})</span>` : '–');
  /** @type {[string, unknown][]} */
  const rows = [
    [t('File'), html`<a href=${path(`files/${job.file}`)}><bdi>${nameOf({ name: job.file_name })}</bdi></a>`],
    [t('Pipeline'), html`<bdi>${job.pipeline}</bdi>`],
    [t('Queue'), job.queue],
    [t('Attempt'), job.attempt],
    [t('Waited'), duration(job.waited)],
    [t('Ran'), job.ran === null ? '–' : duration(job.ran)],
    [t('Asked for'), moment(job.requested_at)],
    [t('Started'), moment(job.started_at)],
    [t('Ended'), moment(job.finished_at)],
    [t('Priority'), job.priority],
    ['ID', html`<code>${job.id}</code>`],
  ];
  return html`<dl class="facts">${rows.map(([name, value]) => html`<dt>${name}</dt><dd>${value}</dd>`)}</dl>`;
}
