// A list that comes in pages by cursor: what was loaded so far, and a button for more.

import { api } from '../core/api.js';
import { html, nothing } from '../core/html.js';
import { t } from '../core/words.js';

/** The first page of a list. */
export async function firstPage(path, query, signal) {
  const { results, next } = await api(path, { query, signal });
  return { path, query, rows: results, next, loading: false, problem: null };
}

/** Load the next page into `pages`; `draw` shows what changes. */
export async function nextPage(pages, draw) {
  if (pages.loading || !pages.next) return;
  Object.assign(pages, { loading: true, problem: null });
  draw();
  try {
    const { results, next } = await api(pages.path, { query: { ...pages.query, cursor: pages.next } });
    const known = new Set(pages.rows.map(({ id }) => id));
    Object.assign(pages, { rows: [...pages.rows, ...results.filter(({ id }) => id === undefined || !known.has(id))], next });
  } catch (problem) {
    pages.problem = problem;
  }
  pages.loading = false;
  draw();
}

export function moreButton(pages, draw) {
  if (!pages.next) return nothing;
  return html`
    <p class="more">
      ${pages.problem ? html`<span role="alert">${pages.problem.detail ?? pages.problem.message}</span>` : nothing}
      <button class="button" type="button" ?disabled=${pages.loading} @click=${() => nextPage(pages, draw)}>
        ${pages.loading ? t('Loading') : t('Show more')}
      </button>
    </p>`;
}
