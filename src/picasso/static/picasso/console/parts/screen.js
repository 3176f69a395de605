// What a view shows of something that is loaded: a skeleton, what went wrong and what one can do, or the thing itself.

import { html, nothing, render } from '../core/html.js';
import { t, tn } from '../core/words.js';

/**
 * Loads, and draws one of the states.
 * @param {HTMLElement} root
 * @param {{load: (signal: AbortSignal) => Promise<any>, head?: () => unknown, body: (data: any) => unknown}} parts
 */
export function screen(root, { load, head = () => nothing, body }) {
  const state = { data: undefined, problem: null, loading: false };
  let running = new AbortController(), stopped = false;
  root.classList.add('manage');

  const draw = () => {
    if (!stopped) render(html`${head()}${trouble()}<div aria-busy=${state.loading}>${content()}</div>`, root);
  };

  function content() {
    if (state.data !== undefined) return body(state.data);
    return state.problem ? nothing : skeleton();
  }

  function trouble() {
    if (!state.problem) return nothing;
    return state.data === undefined ? problemState(state.problem, reload) : outdated(state.problem, reload);
  }

  async function reload() {
    running.abort();
    const mine = running = new AbortController();
    state.loading = true;
    draw();
    try {
      const data = await load(mine.signal);
      if (mine.signal.aborted) return;
      Object.assign(state, { data, problem: null, loading: false });
    } catch (problem) {
      if (mine.signal.aborted) return;
      Object.assign(state, { problem, loading: false });
      if (isHidden(problem)) state.data = undefined; // what one may not see any more is not shown any more
    }
    draw();
  }

  const back = () => { if (state.problem) reload(); };
  addEventListener('picasso:back', back);

  return {
    reload,
    draw,
    get data() { return state.data; },
    set data(data) { state.data = data; draw(); },
    stop() {
      stopped = true;
      running.abort();
      removeEventListener('picasso:back', back);
    },
  };
}

const isHidden = ({ status }) => [401, 403, 404].includes(status);

/** Rows that are being loaded. */
export const skeleton = (rows = 4) => html`
  <div class="skeletons" role="status"><span class="sr-only">${t('Loading')}</span>
    ${Array.from({ length: rows }, () => html`<div class="skeleton" aria-hidden="true"></div>`)}
  </div>`;

/** The whole view is this: nothing could be loaded. */
export function problemState(problem, retry) {
  const { kind, title, text } = described(problem);
  return html`
    <div class="state state-${kind === 'forbidden' ? 'error' : kind}" data-kind=${kind} role="alert">
      <h2>${title}</h2>
      <p>${text}</p>
      ${problem.code ? html`<p class="hint"><code>${problem.code}</code></p>` : nothing}
      ${kind === 'forbidden' ? nothing : html`<button class="button" type="button" @click=${retry}>${t('Retry')}</button>`}
    </div>`;
}

const outdated = (problem, retry) => html`
  <div class="notice waiting outdated" role="alert">
    <p>${t('This may be out of date.')} ${described(problem).text}</p>
    <button class="button" type="button" @click=${retry}>${t('Retry')}</button>
  </div>`;

/** What happened, in words, and which state that is. */
export function described(problem) {
  if (problem.status === 0) {
    return { kind: 'offline', title: t('There is no connection'), text: t('It loads by itself when the connection is back.') };
  }
  if (problem.status === 403) {
    return { kind: 'forbidden', title: t('You may not see this'), text: `${sentence(problem)} ${t('Ask an administrator of the project.')}` };
  }
  if (problem.status === 404) {
    return { kind: 'error', title: t('There is nothing at this address'), text: t('It may have been deleted, or belong to another project.') };
  }
  return { kind: 'error', title: t('This could not be loaded'), text: `${sentence(problem)}${later(problem)}` };
}

/** The sentence of an error for people. */
export const sentence = (problem) => problem.detail || problem.title || problem.message || String(problem);

function later({ retryAfter }) {
  return retryAfter ? ` ${tn('Try again in {n} second.', 'Try again in {n} seconds.', Math.ceil(retryAfter))}` : '';
}

/** There is nothing yet. */
export const emptyState = (title, text, action = nothing) => html`
  <div class="state state-empty"><h2>${title}</h2><p>${text}</p>${action}</div>`;
