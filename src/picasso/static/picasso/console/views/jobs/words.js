// Jobs in words that people use.

import { duration } from '../../core/format.js';
import { t } from '../../core/words.js';
import { queueHolds } from '../../parts/findings.js';

/**
 * @typedef {object} Job docs/operations.md#jobs
 * @property {string} id
 * @property {string} file
 * @property {string} file_name
 * @property {string} processor
 * @property {string} pipeline
 * @property {string} queue
 * @property {number} priority
 * @property {string} state
 * @property {number} attempt
 * @property {number | null} progress
 * @property {{code: string, detail: string} | null} error
 * @property {boolean} final
 * @property {string} log
 * @property {string} requested_at
 * @property {string} due_at
 * @property {string | null} started_at
 * @property {string | null} finished_at
 * @property {number} waited
 * @property {number | null} ran
 */

/** What a person tells apart. A job that waits and one that a worker is about to start are the same to them. */
export const STATES = ['failed', 'running', 'waiting,queued', 'done', 'cancelled'];
export const ACTIVE = ['waiting', 'queued', 'running'];

/** Those of `STATES` that this one of a job or of a filter belongs to. @param {string} [state] */
export const groupOf = (state = '') => STATES.find((each) => each.split(',').includes(state)) ?? state;

/** How many jobs are in a state or in one of several, by the summary. @param {any} summary @param {string} state @returns {{count: number, more: boolean} | undefined} */
export function countIn(summary, state) {
  const found = summary?.states.filter((/** @type {any} */ each) => state.split(',').includes(each.state));
  return found?.length ? { count: found.reduce((/** @type {number} */ sum, /** @type {any} */ { count }) => sum + count, 0), more: found.some((/** @type {any} */ { more }) => more) } : undefined;
}

/** @type {Record<string, () => string>} */
const STATE_WORDS = {
  failed: () => t('Failed'),
  running: () => t('Running'),
  'waiting,queued': () => t('Waiting'),
  done: () => t('Done'),
  cancelled: () => t('Cancelled'),
};

/** @param {string} state */
export const stateWord = (state) => STATE_WORDS[groupOf(state)]?.() ?? state;

/** @type {Record<string, string>} */
const BADGES = { failed: 'bad', running: 'info', queued: 'waiting', waiting: 'waiting', done: 'good' };
/** The class of the badge of a state. @param {string} state */
export const badgeOf = (state) => `badge ${BADGES[state] ?? ''}`;

/** @type {Record<string, () => string>} */
const REASONS = {
  corrupt: () => t('Damaged or incomplete'),
  protected: () => t('Needs a password'),
  'unsupported-format': () => t('Variant of a format that can’t be read'),
  'forbidden-content': () => t('Content that the policy refuses'),
  infected: () => t('Malware'),
  'not-scanned': () => t('Could not be scanned'),
  'scan-failed': () => t('The scanner had no answer'),
  'service-away': () => t('A service can’t be reached'),
  'too-complex': () => t('Too complex'),
  'too-large': () => t('Too large to process'),
  'too-long': () => t('Recording is too long'),
  'too-many-pixels': () => t('Too many pixels'),
  'too-many-pages': () => t('Too many pages'),
  'time-limit': () => t('Took too long'),
  'out-of-memory': () => t('Needed too much memory'),
  crashed: () => t('The decoder crashed'),
  poison: () => t('Crashed again and again'),
  'worker-died': () => t('The worker stopped'),
  'processor-error': () => t('Error in the processor'),
  storage: () => t('The storage could not be used'),
  cancelled: () => t('Somebody cancelled it'),
};

/** What an error code means, in a few words. @param {string} code */
export const reasonWord = (code) => REASONS[code]?.() ?? code;

/** @type {Record<string, () => string>} */
const ADVICE = {
  'service-away': () => t('Start the service. The job goes on by itself.'),
  'time-limit': () => t('Raise the time limit if such files are expected, then retry.'),
  'out-of-memory': () => t('Raise the memory limit or run fewer jobs at a time, then retry.'),
  storage: () => t('Check the disk: free space, permissions, errors in the log. Then retry.'),
  'too-many-pixels': () => t('Upload a smaller version, or raise the limit and retry.'),
  'too-long': () => t('Raise the pipeline’s option for the length, or upload a shorter recording.'),
  protected: () => t('Upload a copy without a password.'),
  'not-scanned': () => t('Upload a smaller copy, or one without a password.'),
  'forbidden-content': () => t('Upload a file without that content. If the policy was changed, retry.'),
};

/** What one can do. @param {Job} job */
export function adviceFor(job) {
  if (!job.error) return '';
  const found = ADVICE[job.error.code]?.();
  if (found) return found;
  return job.final
    ? t('Open the file in the program that made it, and upload a sound copy. Another run ends the same way.')
    : t('Retry the job. If it fails again, its log says more.');
}

/** How long it ran, or waits. @param {Job} job */
export function timeOf(job) {
  if (job.ran !== null && job.state !== 'waiting' && job.state !== 'queued') return duration(job.ran);
  return t('waits {time}', { time: duration(job.waited) });
}

/** Why it does not start for an unusual reason; empty for the usual ones. @param {Job} job @param {import('../../parts/service.js').Queue[]} [queues] */
export function heldBecause(job, queues = []) {
  if (groupOf(job.state) !== groupOf('waiting')) return '';
  const year = Number(job.due_at.slice(0, 4));
  if (year >= 8000) return year < 9000 ? t('Its file is in the trash.') : t('It waits for the scan for malware.');
  return queueHolds(job, queues);
}

/** A number that may be a lower bound: "212", "10,000+". @param {{count: number, more: boolean}} counted @param {(n: number) => string} format */
export const countWord = ({ count, more }, format) => (more ? `${format(count)}+` : format(count));
