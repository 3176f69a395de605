// The processes of workers, and what each runs now.

import { ago, duration, exactDate, middle, nameOf, number, percent } from '../../core/format.js';
import { html, nothing } from '../../core/html.js';
import { path } from '../../core/session.js';
import { t, tn } from '../../core/words.js';

/**
 * @typedef {object} Worker
 * @property {string} name
 * @property {string} queue
 * @property {boolean} alive
 * @property {number} slots
 * @property {string | null} started_at
 * @property {string} seen_at
 * @property {RunningJob[]} running
 */
/** @typedef {{id: string, processor: string, project: string, file: string | null, file_name: string | null, attempt: number, progress: number | null, ran: number | null}} RunningJob */

/** @param {Worker[] | null} workers null for who may not see them */
export function workersCard(workers) {
  if (!workers) return nothing;
  const [replaced, present] = [true, false].map((wanted) => workers.filter((each) => isReplaced(each, workers) === wanted));
  return html`<section class="card" aria-labelledby="workers"><h2 id="workers" tabindex="-1">${t('Workers')}</h2>
    ${workers.length ? html`<ul class="workers">${present.map(one)}</ul>` : html`<p>${t('No worker has reported within the last day. Start one:')} <code>picasso worker</code></p>`}
    ${replaced.length ? html`<details><summary>${tn('{n} earlier worker', '{n} earlier workers', replaced.length)}</summary><ul class="workers">${replaced.map((each) => one(each, true))}</ul></details>` : nothing}
  </section>`;
}

/** Whether one that is silent was followed by another one of its queue, as when the service was started anew. @param {Worker} worker @param {Worker[]} all */
const isReplaced = (worker, all) => !worker.alive && all.some(({ alive, queue, started_at: began }) => alive && queue === worker.queue && began !== null && Date.parse(began) > Date.parse(worker.seen_at));

/** @param {Worker} worker @param {unknown} [replaced] */
function one(worker, replaced) {
  return html`<li data-worker=${worker.queue}>
    <p class="worker-head">
      <span class=${`badge ${worker.alive ? 'good' : replaced === true ? '' : 'bad'}`}>${worker.alive ? t('Alive') : t('Silent since {time}', { time: ago(worker.seen_at) })}</span>
      <strong>${worker.queue}</strong> <bdi class="mono soft">${worker.name}</bdi>
      <span class="soft small">${worker.slots ? tn('{busy} of {n} place busy', '{busy} of {n} places busy', worker.slots, { busy: number(worker.running.length) }) : tn('{n} job', '{n} jobs', worker.running.length)}${worker.started_at ? html` · <span title=${exactDate(worker.started_at)}>${t('started {time}', { time: ago(worker.started_at) })}</span>` : nothing}</span>
    </p>
    ${worker.running.length ? html`<ul class="running">${worker.running.map(job)}</ul>` : nothing}
  </li>`;
}

/** @param {RunningJob} each */
function job(each) {
  const mine = each.file !== null, name = nameOf({ name: each.file_name ?? '' });
  return html`<li>
    <span>${each.processor}: ${mine ? html`<a href=${path(`jobs/${each.id}`)} title=${name}><bdi>${middle(name, 40)}</bdi></a>` : html`<span class="soft">${t('a file of the project {project}', { project: each.project })}</span>`}</span>
    <span class="soft small">${each.ran === null ? nothing : duration(each.ran)}${each.progress === null ? nothing : ` · ${percent(each.progress)}`}</span>
  </li>`;
}
