// What a row of the tray says about its upload.

import { bytes, percent } from '../core/format.js';
import { t } from '../core/words.js';
import { explained } from './refusals.js';

const QUIET = 5; // seconds without progress after which the row says so

/** Rounded down: what is not whole is not 100 %. */
const rounded = (share) => percent(Math.floor(share * 100) / 100);
const shareOf = ({ sent, size }) => rounded(size ? sent / size : 0);

/** @param {import('./item.js').Item} item @returns {string} */
export const noteOf = (item) => NOTES[item.state]?.(item) ?? '';

const NOTES = {
  queued: () => t('Queued'),
  checking: () => t('Checking…'),
  sending,
  lost,
  paused: (item) => t('Paused at {share}', { share: shareOf(item) }),
  known: () => t('You have this already.'),
  error: (item) => explained(item.trouble, item.file),
  left: (item) => t('{share} of {size} is there. Choose the file again to resume.', { share: shareOf(item), size: bytes(item.size) }),
  done: (item) => bytes(item.size),
};

function sending(item) {
  const { delivery, sent, size } = item, sizes = { sent: bytes(sent), size: bytes(size) };
  if (sent === size) return t('{size} sent, being stored…', sizes);
  const { speed } = item, parts = [t('{sent} of {size}', sizes)];
  if (item.quiet() >= QUIET) parts.push(t('no connection at the moment, waiting…'));
  else if (speed >= 1) parts.push(speedOf(speed), remaining((size - sent) / speed));
  if (delivery.continued > 0) parts.push(t('continued from {share}', { share: rounded(delivery.continued / size) }));
  if (delivery.expired) parts.push(t('started again: the earlier upload had expired'));
  return parts.join(' · ');
}

function lost(item) {
  const share = shareOf(item), { due, trouble } = item;
  if (!navigator.onLine) return t('Offline; continues by itself');
  const seconds = Math.ceil((due - Date.now()) / 1000);
  if (trouble.status) return `${trouble.message} ${seconds > 0 ? t('Trying again in {seconds} s.', { seconds }) : t('Trying again…')}`;
  return seconds > 0 ? t('Connection lost at {share}, trying again in {seconds} s', { share, seconds }) : t('Connection lost at {share}, trying again…', { share });
}

/** @param {number} speed bytes per second */
export const speedOf = (speed) => t('{size}/s', { size: bytes(Math.round(speed)) });

/** @param {number} seconds */
export function remaining(seconds) {
  if (seconds < 60) return t('{n} s left', { n: Math.ceil(seconds) });
  const minutes = Math.ceil(seconds / 60), hours = Math.floor(minutes / 60);
  return hours ? t('{hours} h {minutes} min left', { hours, minutes: minutes % 60 }) : t('{minutes} min left', { minutes });
}
