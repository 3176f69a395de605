// The numbers of all uploads together.

/**
 * @typedef {object} Totals
 * @property {number} all how many
 * @property {number} done
 * @property {number} failed
 * @property {number} busy on their way, without those that wait for the user
 * @property {number} waiting for the user, without failed ones
 * @property {number} lost without a connection
 * @property {number} bytes of those that are busy, paused or done
 * @property {number} sent
 * @property {number} speed bytes per second
 */

/** @param {import('./item.js').Item[]} items @returns {Totals} */
export function totalsOf(items) {
  const totals = { all: 0, done: 0, failed: 0, busy: 0, waiting: 0, lost: 0, bytes: 0, sent: 0, speed: 0 };
  for (const item of items) count(totals, item);
  return totals;
}

function count(totals, item) {
  totals[groupOf(item)] += 1;
  if (item.state === 'left') return;
  totals.all += 1;
  if (item.state === 'lost') totals.lost += 1;
  if (item.state === 'sending') totals.speed += item.speed;
  if (item.failed || item.state === 'known') return;
  totals.bytes += item.size;
  totals.sent += item.state === 'done' ? item.size : item.sent;
}

function groupOf({ busy, failed, state }) {
  if (state === 'done') return 'done';
  if (failed) return 'failed';
  return busy ? 'busy' : 'waiting';
}

/** From 0 to 1. @param {Totals} totals */
export const shareOf = ({ sent, bytes }) => bytes ? sent / bytes : 0;

/** The seconds that are left, or 0 if nobody knows. @param {Totals} totals */
export const secondsLeft = ({ sent, bytes, speed }) => speed >= 1 ? (bytes - sent) / speed : 0;
