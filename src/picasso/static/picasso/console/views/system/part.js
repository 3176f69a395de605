// A part of the page that is read by itself: loading, an error, or what was found.

import { html } from '../../core/html.js';
import { t } from '../../core/words.js';

/** @typedef {{busy?: boolean, found?: any, problem?: any, again: () => unknown}} Part */

/** @param {Part | undefined} read @param {(found: any) => unknown} shown */
export function part(read, shown) {
  if (read?.found) return shown(read.found);
  if (read?.problem) return html`<p class="notice bad" role="alert">${read.problem.detail} <button class="link" type="button" @click=${read.again}>${t('Try again')}</button></p>`;
  return html`<p role="status"><span class="sr-only">${t('Loading')}</span><span class="skeleton" aria-hidden="true">&nbsp;</span></p>`;
}
