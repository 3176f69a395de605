// What has happened to the file: received, each job with its attempts and its log, deliveries to its webhook.

import { html, icon, nothing } from '../../core/html.js';
import { api } from '../../core/api.js';
import { ago, bytes, duration, exactDate, percent, visible } from '../../core/format.js';
import { path } from '../../core/router.js';
import { service } from '../../parts/service.js';
import { can } from '../../core/session.js';
import { t, tn } from '../../core/words.js';
import { queueHolds } from '../../parts/findings.js';
import { inItsWords } from '../../parts/text.js';
import { attempt } from '../../parts/attempt.js';
import { about } from './codes.js';
import { nameInWords } from './names.js';
import { confirm } from '../../core/dialogs.js';

const STATES = { waiting: 'waiting', queued: 'waiting', running: 'info', done: 'good', failed: 'bad', cancelled: '' };

/** Jobs that wait for something else, such as a scan, are due centuries ahead. */
const FAR = Date.UTC(3000, 0, 1);

/** @param {import('./model.js').Model} model */
export function history(model) {
  const { file, jobs, deliveries } = model;
  const ordered = jobs && [...jobs].sort((a, b) => order(a) - order(b));
  return html`
    <section class="history" aria-labelledby="history-heading">
      <h2 id="history-heading">${t('History')}</h2>
      <ol class="history-list">
        <li><span class="history-head"><strong>${t('Received')}</strong> ${moment(file.uploaded_at)}</span>
          <p class="soft small">${bytes(file.size)}${file.declared_type ? html` · ${t('sent as {type}', { type: visible(file.declared_type) })}` : nothing}</p></li>
        ${ordered?.map((job) => jobItem(model, job)) ?? nothing}
        ${deliveries?.map(deliveryItem) ?? nothing}
      </ol>
    </section>`;
}

const order = (job) => Date.parse(job.finished_at ?? job.started_at ?? job.requested_at);

const moment = (when) => html`<time class="soft small" datetime=${when} title=${exactDate(when)}>${ago(when)}</time>`;

function stateName(state) {
  return { waiting: t('waiting'), queued: t('waiting'), running: t('running'), done: t('done'), failed: t('failed'), cancelled: t('cancelled') }[state] ?? state;
}

function jobItem(model, job) {
  const { state, error, log } = job;
  return html`
    <li data-job=${job.id}>
      <span class="history-head">
        <a href=${path(`jobs/${job.id}/`)}><strong>${nameInWords(job.processor)}</strong></a>
        <span class=${`badge ${STATES[state] ?? ''}`}>${stateName(state)}</span>
        ${moment(job.finished_at ?? job.started_at ?? job.requested_at)}
      </span>
      <p class="soft small">${timings(job)}</p>
      ${holds(job) ? html`<p class="small">${holds(job)}</p>` : nothing}
      ${state === 'running' ? progress(job.progress) : nothing}
      ${error ? html`<p class="small">${inItsWords(error.detail)} <code>${visible(error.code)}</code></p>` : nothing}
      ${log ? html`<details class="log" ?open=${state === 'running'}><summary>${t('Log')}</summary><pre tabindex="0" role="region" aria-label=${t('Log')} ?data-grows=${state === 'running'}>${visible(log, '\n\t')}</pre></details>` : nothing}
      ${can('jobs:write') ? jobActions(model, job) : nothing}
    </li>`;
}

/** That its queue is paused. */
export const holds = (job) => (['waiting', 'queued'].includes(job.state) ? queueHolds(job, service()?.queues) : '');

function timings({ attempt: attempts, waited, ran, queue, pipeline, state, due_at: due }) {
  const parts = [
    attempts > 1 && tn('{n} attempt', '{n} attempts', attempts),
    ran !== null && (state === 'running' ? t('for {time}', { time: duration(ran) }) : t('took {time}', { time: duration(ran) })),
    waited >= 0.5 && t('waited {time}', { time: duration(waited) }),
    state === 'waiting' && attempts > 0 && Date.parse(due) < FAR && t('next attempt {when}', { when: ago(due) }),
    t('queue {name}', { name: visible(queue) }), t('pipeline {name}', { name: visible(pipeline) }),
  ];
  return parts.filter(Boolean).join(' · ');
}

export function progress(share) {
  if (share === null || share === undefined) return html`<progress aria-label=${t('Progress')}></progress>`;
  return html`<progress max="1" .value=${share} aria-label=${t('Progress')}></progress><p class="small">${percent(share)}</p>`;
}

function jobActions(model, job) {
  if (['waiting', 'queued', 'running'].includes(job.state)) return html`<button class="button small" type="button" @click=${() => act(model, job, 'cancel')}>${t('Cancel')}</button>`;
  if (['failed', 'cancelled'].includes(job.state)) return html`<button class="button small" type="button" @click=${() => retryJob(model, job)}>${icon('retry')}${t('Retry')}</button>`;
  return nothing;
}

async function retryJob(model, job) {
  if (about(job.error?.code)?.permanent && !await confirm({ title: t('Retry all the same?'), text: t('A retry ends the same way unless the settings or the program have changed.'), action: t('Retry') })) return;
  await act(model, job, 'retry');
}

async function act(model, job, verb) {
  if (await attempt(() => api(`jobs/${job.id}/${verb}/`, { method: 'POST' }))) await model.load();
}

function deliveryItem({ type, state, attempts, created_at: created, next_attempt_at: next }) {
  const last = attempts.at(-1);
  return html`
    <li>
      <span class="history-head"><strong>${t('Webhook: {type}', { type: visible(type) })}</strong>
        <span class=${`badge ${{ delivered: 'good', failed: 'bad' }[state] ?? 'waiting'}`}>${{ delivered: t('delivered'), failed: t('failed') }[state] ?? t('waiting')}</span> ${moment(created)}</span>
      <p class="soft small">${[
        last && (last.status ? t('answered {status} after {time}', { status: last.status, time: duration(last.milliseconds / 1000) }) : visible(last.error)),
        attempts.length > 1 && tn('{n} attempt', '{n} attempts', attempts.length),
        next && t('next attempt {when}', { when: ago(next) }),
      ].filter(Boolean).join(' · ')}</p>
    </li>`;
}
