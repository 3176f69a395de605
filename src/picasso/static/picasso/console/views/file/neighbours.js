// The files before and after this one, in the list that one came from: its filters and order are in the query.

import { html, icon } from '../../core/html.js';
import { api } from '../../core/api.js';
import { nameOf } from '../../core/format.js';
import { path } from '../../core/router.js';
import { t } from '../../core/words.js';
import { listQuery } from './list_query.js';

/** @returns {Promise<{previous: object | null, next: object | null}>} null at the ends, and if they can't be found */
export async function neighboursOf(id, query, signal) {
  try {
    return await api(`files/${id}/neighbours/`, { query: listQuery(query), signal });
  } catch {
    return { previous: null, next: null };
  }
}

/** The address of a file's page that belongs to the same list. */
export const pageOf = (file, query) => `${path(`files/${file.id}`)}${String(query) && `?${query}`}`;

export const listAddress = (query) => `${path()}${String(query) && `?${query}`}`;

/** @param {{previous: object | null, next: object | null}} neighbours @param {URLSearchParams} query @param {(event: Event, file: object) => void} go */
export function stepper({ previous, next }, query, go) {
  return html`
    <nav class="stepper" aria-label=${t('Files before and after')}>
      ${step(previous, 'left', t('Previous file'), query, go)}
      ${step(next, 'right', t('Next file'), query, go)}
    </nav>`;
}

function step(file, name, label, query, go) {
  if (!file) return html`<button class="button quiet icon-only" type="button" disabled aria-label=${label}>${icon(name)}</button>`;
  return html`<a class="button quiet icon-only" href=${pageOf(file, query)} rel=${name === 'left' ? 'prev' : 'next'} title=${nameOf(file)} aria-label=${label} @click=${(event) => go(event, file)}>${icon(name)}</a>`;
}
