// What `GET system/` says is wrong, in words, with the time of the person who reads.

import { clockTime, duration, visible } from '../core/format.js';
import { t } from '../core/words.js';

/**
 * @typedef {object} Finding an item of `health` of `GET system/`
 * @property {string} code
 * @property {'fault' | 'warning'} level
 * @property {string} text in English, with times of UTC
 * @property {string} where a path such as "/system/#queues"
 * @property {string} queue
 * @property {string | null} since
 * @property {string} by
 * @property {number | null} seconds
 */

/** A sentence; one that is not known here as the service says it. @param {Finding} finding */
export function sentence(finding) {
  const { queue } = finding, time = finding.since ? clockTime(finding.since) : '', by = visible(finding.by);
  switch (finding.code) {
    case 'no-worker':
      if (queue) return time ? t('No worker of the queue {queue} since {time}: its jobs wait.', { queue, time }) : t('No worker of the queue {queue}: its jobs wait.', { queue });
      return time ? t('Processing is stopped: no worker since {time}.', { time }) : t('Processing is stopped: no worker.');
    case 'queue-paused':
      if (time && by) return t('The queue {queue} is paused since {time} by {by}.', { queue, time, by });
      return time ? t('The queue {queue} is paused since {time}.', { queue, time }) : t('The queue {queue} is paused.', { queue });
    case 'disk-full': return t('Uploads are refused: the disk is full.');
    case 'disk-low': return t('The disk is nearly full.');
    case 'backlog': return t('A job has been waiting for {time}.', { time: duration(finding.seconds ?? 0) });
    default: return finding.text;
  }
}

/** That a job waits because its queue is paused; empty if it is not. @param {{queue: string}} job @param {import('./service.js').Queue[]} [queues] */
export function queueHolds(job, queues = []) {
  const queue = queues.find(({ name }) => name === job.queue);
  return queue?.paused ? pausedBecause(queue) : '';
}

/** @param {import('./service.js').Queue} queue */
function pausedBecause({ name, paused_at: at, paused_by: by }) {
  const time = at ? clockTime(at) : '';
  if (time && by) return t('Waits: the queue {name} is paused by {by} since {time}.', { name, by: visible(by), time });
  return time ? t('Waits: the queue {name} is paused since {time}.', { name, time }) : t('Waits: the queue {name} is paused.', { name });
}
