// Retrying and cancelling: one job, ticked ones, or all that match, after a question with their number.

import { api } from '../../core/api.js';
import { confirm } from '../../core/dialogs.js';
import { number } from '../../core/format.js';
import { html, nothing } from '../../core/html.js';
import { toast } from '../../core/toasts.js';
import { t, tn } from '../../core/words.js';
import { ACTIVE, countWord } from './words.js';

/** @typedef {'retry' | 'cancel'} Action */
/** @typedef {Record<string, unknown> & {ids?: string[]}} Filter as in the body of `POST jobs/retry/`, but with any number of ids */
/** @typedef {import('./words.js').Job} Job */

const MOST_IDS = 100; // of one request; docs/operations.md

const FINAL = () => t('These failed because of their files. Another run ends the same way, unless the pipeline, its processors or a setting was changed.');

/** How many jobs match. @param {Record<string, string>} filter @returns {Promise<{count: number, more: boolean}>} */
export const countOf = (filter) => api('jobs/count/', { query: filter });

/**
 * Repeats the request as long as there is more to do.
 * @param {Action} action @param {Filter} filter
 * @returns {Promise<number>} how many were changed
 */
export async function changeMany(action, filter) {
  let done = 0;
  for (const part of partsOf(filter)) {
    for (let more = true; more;) {
      const answer = await api(`jobs/${action}/`, { method: 'POST', body: part });
      done += answer.count;
      ({ more } = answer);
    }
  }
  toast(action === 'retry' ? tn('{n} job will run again', '{n} jobs will run again', done) : tn('{n} job cancelled', '{n} jobs cancelled', done));
  return done;
}

/** One filter for each hundred of its ids, and for each of its states. @param {Filter} filter @returns {Filter[]} */
function partsOf({ ids, state, ...others }) {
  const states = state ? String(state).split(',').map((each) => ({ state: each })) : [{}];
  const parts = ids ? Array.from({ length: Math.ceil(ids.length / MOST_IDS) }, (_, n) => ({ ids: ids.slice(n * MOST_IDS, (n + 1) * MOST_IDS) })) : [{}];
  return states.flatMap((one) => parts.map((part) => ({ ...others, ...one, ...part })));
}

/** Which of these jobs can be retried and which cancelled. Finished ones are only run again if no others are ticked. @param {Job[]} jobs */
export function possible(jobs) {
  const done = jobs.every(({ state }) => state === 'done');
  return {
    retry: done ? jobs : jobs.filter(({ state }) => ['failed', 'cancelled'].includes(state)),
    cancel: jobs.filter(({ state }) => ACTIVE.includes(state)),
  };
}

/** Ask. @param {Action} action @param {{count: number, more: boolean}} counted @param {boolean} final whether all of them failed for good */
export function agrees(action, counted, final) {
  const n = countWord(counted, number), { count } = counted;
  if (action === 'retry') {
    return confirm({
      title: titleOf(counted, t('Retry this job?'), tn('Retry {n} job?', 'Retry {n} jobs?', count, { n })),
      text: html`${final ? html`<p class="notice waiting">${FINAL()}</p>` : nothing}<p>${t('They run once more from the start. Earlier results stay until the new ones are stored.')}</p>`,
      action: titleOf(counted, t('Retry'), t('Retry {n}', { n })),
    });
  }
  return confirm({
    title: titleOf(counted, t('Cancel this job?'), tn('Cancel {n} job?', 'Cancel {n} jobs?', count, { n })),
    text: html`<p>${t('Jobs that run are stopped. Their files count as failed until the jobs are retried.')}</p>`,
    action: titleOf(counted, t('Cancel the job'), tn('Cancel {n} job', 'Cancel {n} jobs', count, { n })),
    cancel: t('Keep them'),
    danger: true,
  });
}

/** @param {{count: number, more: boolean}} counted @param {string} one @param {string} many */
const titleOf = ({ count, more }, one, many) => (count === 1 && !more ? one : many);

/**
 * Retry one job; asks first if that is no use. True if it was done.
 * @param {import('./words.js').Job} job
 */
export async function retryOne(job) {
  if (job.final && !(await agrees('retry', { count: 1, more: false }, true))) return false;
  await api(`jobs/${job.id}/retry/`, { method: 'POST' });
  toast(t('It will run again'));
  return true;
}

/** Cancel one job, after a question. @param {import('./words.js').Job} job */
export async function cancelOne(job) {
  if (!(await agrees('cancel', { count: 1, more: false }, false))) return false;
  await api(`jobs/${job.id}/cancel/`, { method: 'POST' });
  toast(t('The job was cancelled'));
  return true;
}
