// What is shown while there is nothing else to show: loading, an error, no connection.

import { html, icon, nothing } from '../../core/html.js';
import { t } from '../../core/words.js';

/** @param {number} [rows] */
export const loading = (rows = 6) => html`
  <div class="card stack" role="status"><span class="sr-only">${t('Loading')}</span>
    ${Array.from({ length: rows }, () => html`<span class="skeleton" aria-hidden="true">&nbsp;</span>`)}
  </div>`;

/**
 * @param {import('../../core/api.js').Problem} problem
 * @param {() => unknown} again
 */
export const failure = (problem, again) => {
  const offline = problem.status === 0;
  return html`
    <div class=${`state ${offline ? 'state-offline' : 'state-error'}`} role="alert">
      ${icon('warning')}
      <h2>${offline ? t('The server can’t be reached') : t('This can’t be shown')}</h2>
      <p>${offline ? t('It is tried again as soon as the connection is back.') : problem.detail}</p>
      <p class="actions"><button class="button primary" type="button" @click=${again}>${t('Try again')}</button></p>
    </div>`;
};

/** @param {string} heading @param {string} [text] @param {unknown} [more] */
export const empty = (heading, text = '', more = nothing) => html`
  <div class="state state-empty">${icon('check')}<h2>${heading}</h2>${text ? html`<p>${text}</p>` : nothing}${more}</div>`;
