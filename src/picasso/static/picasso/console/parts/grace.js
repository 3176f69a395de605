// For how long the secret of before stays valid beside a new one.

import { t } from '../core/words.js';
import { selectField } from './fields.js';

const HOUR = 3600, DAY = 24 * HOUR; // seconds
export const WEEK = 7 * DAY, MONTH = 30 * DAY;

/**
 * A select named `grace`, in seconds.
 * @param {(name: string) => string | undefined} fault what is wrong with a field
 * @param {number} [most] seconds
 */
export const graceField = (fault, most = MONTH) => selectField({
  name: 'grace',
  label: t('The old one stays valid for'),
  value: String(DAY),
  fault: fault('grace'),
  options: choices().filter(([seconds]) => seconds <= most).map(([seconds, label]) => [String(seconds), label]),
});

/** @returns {[number, string][]} */
const choices = () => [[0, t('no time: it ends now')], [HOUR, t('an hour')], [DAY, t('a day')], [WEEK, t('a week')], [MONTH, t('30 days')]];
