// What several viewers show.

import { html, icon, render } from '../../../core/html.js';
import { visible } from '../../../core/format.js';
import { iconOf } from '../../../core/kinds.js';
import { t } from '../../../core/words.js';
import { asDownload } from '../addresses.js';

/** Why a recording is not played. */
export const cantPlay = (file) => (file.state === 'failed' ? t('There is no preview, because processing failed.') : t('This browser can’t play {type}.', { type: visible(file.media_type) }));

/** Says that something can't be shown, and offers the file. */
export function instead(file, text, more = '') {
  return html`
    <div class="viewer-note">
      ${icon(iconOf(file.media_type))}
      <p>${text}</p>
      ${more}
      ${file.quarantined ? '' : html`<a class="button" href=${asDownload(file.file)} download>${t('Download')}</a>`}
    </div>`;
}

export const loading = () => html`<div class="skeleton viewer-loading" role="status"><span class="sr-only">${t('Loading')}</span></div>`;

/**
 * Read something and draw it: meanwhile a placeholder is shown, and after a fault what went wrong, with a button to try again.
 * @template T
 * @param {HTMLElement} host
 * @param {AbortSignal} signal
 * @param {() => Promise<T>} read
 * @param {(value: T) => void} draw
 */
export async function load(host, signal, read, draw) {
  render(loading(), host);
  try {
    draw(await read());
  } catch (fault) {
    if (!signal.aborted) render(problem(fault, () => load(host, signal, read, draw)), host);
  }
}

/** What went wrong while a viewer has loaded something, with a button to try again. */
export function problem(fault, again) {
  return html`
    <div class="viewer-note" role="alert">
      <p>${fault.status === 0 || fault instanceof TypeError ? t('The server can’t be reached.') : fault.detail ?? t('This can’t be shown.')}</p>
      <button class="button" type="button" @click=${again}>${t('Try again')}</button>
    </div>`;
}
