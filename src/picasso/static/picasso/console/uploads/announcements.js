// One message for a batch of uploads, not one for each file.

import { announce } from '../core/toasts.js';
import { t, tn } from '../core/words.js';

/** Says what becomes of the uploads, as their totals change. */
export class Announcements {
  #before = { busy: 0, lost: 0 };

  /** @param {number} count of files that were just chosen */
  began(count) { announce(tn('Uploading {n} file', 'Uploading {n} files', count)); }

  /** @param {import('./totals.js').Totals} totals */
  changed(totals) {
    const before = this.#before;
    this.#before = totals;
    if (before.busy && !totals.busy) announce(ended(totals));
    else if (totals.busy && totals.lost === totals.busy && !before.lost) announce(t('Connection lost. The upload continues by itself.'));
    else if (before.lost && !totals.lost && totals.busy) announce(t('The upload continues.'));
  }
}

function ended({ done, failed, waiting }) {
  return [
    tn('{n} file uploaded', '{n} files uploaded', done),
    failed && tn('{n} failed', '{n} failed', failed),
    waiting && tn('{n} needs an answer', '{n} need an answer', waiting),
  ].filter(Boolean).join(', ');
}
