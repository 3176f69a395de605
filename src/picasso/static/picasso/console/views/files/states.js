// What is shown instead of the list: while it loads, without files, after a fault, without a connection.

import { html, icon, nothing } from '../../core/html.js';
import { urlOf } from '../../core/api.js';
import { can } from '../../core/session.js';
import { t } from '../../core/words.js';

/** @param {string} layout */
export function loading(layout) {
  const rows = Array.from({ length: 12 });
  return html`<div class="loading" data-layout=${layout} aria-hidden="true">${layout === 'table'
    ? rows.map(() => html`<div class="row unknown"><span class="skeleton"></span></div>`)
    : html`<div class="tiles">${rows.map(() => html`<div class="tile unknown"><span class="thumb skeleton"></span></div>`)}</div>`}</div>
    <p class="sr-only" role="status">${t('Loading…')}</p>`;
}

export const empty = (upload) => html`<div class="state state-empty">${icon('upload')}
  <h2>${t('No files yet')}</h2>
  ${can('files:write') ? html`<p>${t('Drop files or folders anywhere on this page, paste them, or choose them.')}</p>
    <p class="actions"><button type="button" class="button primary" @click=${upload}>${t('Choose files')}</button></p>
    <p>${t('From a terminal:')} <code class="command">curl -F file=@photo.jpg ${urlOf('upload/')}</code></p>` : nothing}</div>`;

export const nothingFound = (clear) => html`<div class="state state-empty">${icon('search')}
  <h2>${t('No file matches')}</h2><p>${t('No file of this project matches all of these filters.')}</p>
  <p class="actions"><button type="button" class="button" @click=${clear}>${t('Remove all filters')}</button></p></div>`;

/** @param {import('../../core/api.js').Problem} fault */
export function failed(fault, retry) {
  return fault.status === 0 ? html`<div class="state state-offline" role="alert">${icon('warning')}
      <h2>${navigator.onLine ? t('The server can’t be reached') : t('You are offline')}</h2>
      <p>${t('The list appears as soon as the connection is back.')}</p>
      <p class="actions"><button type="button" class="button" @click=${retry}>${t('Retry now')}</button></p></div>`
    : html`<div class="state state-error" role="alert">${icon('warning')}
      <h2>${t('The files can’t be listed')}</h2><p><bdi>${fault.detail}</bdi></p>
      <p class="actions"><button type="button" class="button" @click=${retry}>${t('Retry now')}</button></p></div>`;
}

/** A fault while there is a list: what is shown may be old. */
export const outdated = (fault, retry) => html`<p class="notice waiting outdated" role="status">
  ${fault.status === 0 ? t('No connection: the list may be out of date.') : html`<bdi>${fault.detail}</bdi>`}
  <button type="button" class="link" @click=${retry}>${t('Retry now')}</button></p>`;
