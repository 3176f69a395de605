// The buttons of a row, by the state of its upload.

import { t } from '../core/words.js';
import { canRetry } from './refusals.js';

const PAUSE = ['pause', () => t('Pause')], RESUME = ['resume', () => t('Resume')], CANCEL = ['cancel', () => t('Cancel')];
const RETRY = ['resume', () => t('Retry now')], REMOVE = ['cancel', () => t('Remove')];

const ACTIONS = {
  queued: [CANCEL],
  checking: [CANCEL],
  sending: [PAUSE, CANCEL],
  lost: [['now', () => t('Retry now')], CANCEL],
  paused: [RESUME, CANCEL],
  known: [['resume', () => t('Upload anyway')], ['cancel', () => t('Skip')]],
  error: [RETRY, REMOVE],
  left: [['choose', () => t('Choose the file')], ['cancel', () => t('Discard')]],
  done: [],
};

/** @param {import('./item.js').Item} item @returns {[string, string][]} a verb of the queue, and its label */
export function actionsOf(item) {
  return ACTIONS[item.state].filter((action) => isPossible(action, item)).map(([verb, label]) => [verb, label()]);
}

/** A small file is sent in one request, which can't be continued. */
function isPossible(action, { delivery, trouble }) {
  if (action === PAUSE) return !delivery.small;
  return action !== RETRY || canRetry(trouble);
}
