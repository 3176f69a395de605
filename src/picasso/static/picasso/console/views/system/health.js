// What is wrong with the service, in words, with the time of the person who reads.

import { clockTime, duration } from '../../core/format.js';
import { html, icon } from '../../core/html.js';
import { path } from '../../core/session.js';
import { t } from '../../core/words.js';

/**
 * @typedef {object} HealthProblem an item of `health` of `GET system/`
 * @property {string} code
 * @property {'fault' | 'warning'} level
 * @property {string} text in English, with times of UTC
 * @property {string} where a path such as "/system/#queues"
 * @property {string} queue
 * @property {string | null} since
 * @property {string} by
 * @property {number | null} seconds
 */

/** A sentence; one that is not known here as the service says it. @param {HealthProblem} problem */
export function sentence(problem) {
  const { queue, by } = problem, time = problem.since ? clockTime(problem.since) : '';
  switch (problem.code) {
    case 'no-worker':
      if (queue) return time ? t('No worker of the queue {queue} since {time}: its jobs wait.', { queue, time }) : t('No worker of the queue {queue}: its jobs wait.', { queue });
      return time ? t('Processing is stopped: no worker since {time}.', { time }) : t('Processing is stopped: no worker.');
    case 'queue-paused':
      if (time && by) return t('The queue {queue} is paused since {time} by {by}.', { queue, time, by });
      return time ? t('The queue {queue} is paused since {time}.', { queue, time }) : t('The queue {queue} is paused.', { queue });
    case 'disk-full': return t('Uploads are refused: the disk is full.');
    case 'disk-low': return t('The disk is nearly full.');
    case 'backlog': return t('A due job has waited for {time}.', { time: duration(problem.seconds ?? 0) });
    default: return problem.text;
  }
}

/** @param {HealthProblem[]} problems */
export function healthList(problems) {
  if (!problems.length) return html`<p class="notice good health-good" role="status">${icon('check')}<span>${t('All is well: uploads are accepted, and jobs run.')}</span></p>`;
  return html`<div role="status"><ul class="stack health-list" aria-label=${t('What is wrong')}>${problems.map((each) => html`
    <li class=${`notice ${each.level === 'fault' ? 'bad' : 'waiting'}`} data-code=${each.code}>
      ${icon('warning')}<span>${sentence(each)}</span>
      <a href=${path(each.where.slice(1))}>${t('Go there')}</a>
    </li>`)}</ul></div>`;
}
