// One action on many files: what is selected becomes one or several requests, and their results one result.

import { api } from '../../core/api.js';

/** So many files a request changes at once and tells the result of each. */
export const AT_ONCE = 1000;
const PAUSE = 1000; // milliseconds between two looks at a batch in the background

/**
 * @typedef {object} Result
 * @property {number} done
 * @property {number} failed
 * @property {string[]} ids  the files with which it was done; empty after a batch in the background
 * @property {string} reason  why it failed with the first one that failed
 */

/** Do it with these files. @param {string[]} ids @returns {Promise<Result>} */
export async function withFiles(action, ids, options = {}) {
  const results = [];
  for (let start = 0; start < ids.length; start += AT_ONCE)
    results.push(await once({ action, ids: ids.slice(start, start + AT_ONCE), ...options }));
  return results.reduce(added, { done: 0, failed: 0, ids: [], reason: '' });
}

/** Do it with all files of a filter. @returns {Promise<Result>} */
export const withAll = (action, filter, options = {}) => once({ action, filter, ...options });

async function once(body) {
  const answer = await api('files/batch/', { method: 'POST', body });
  const ended = answer.results ? answer : await ending(answer);
  const results = ended.results ?? ended.failures ?? [];
  return {
    done: ended.done,
    failed: ended.failed,
    ids: results.filter((each) => each.status === 200).map((each) => each.id),
    reason: results.find((each) => each.status !== 200)?.detail ?? '',
  };
}

/** A batch in the background, once it has ended. */
async function ending(batch) {
  let now = batch;
  while (['waiting', 'running'].includes(now.state)) {
    await new Promise((done) => setTimeout(done, PAUSE));
    now = await api(`files/batch/${batch.id}/`);
  }
  return now;
}

const added = (one, other) => ({
  done: one.done + other.done,
  failed: one.failed + other.failed,
  ids: [...one.ids, ...other.ids],
  reason: one.reason || other.reason,
});
