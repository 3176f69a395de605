// The error codes with cause and remedy, searched as one types. `?code=` shows one.

import { api } from '../../core/api.js';
import { html, nothing } from '../../core/html.js';
import { t, tn } from '../../core/words.js';
import { problemState, skeleton } from '../../parts/screen.js';

export function errorCodes(draw, context) {
  const wanted = context.query.get('code') ?? '';
  const state = { codes: null, problem: null, search: wanted, exact: Boolean(wanted) };
  let stopped = false;

  async function load() {
    state.problem = null;
    try {
      state.codes = await api('error-codes/', { signal: context.signal });
    } catch (problem) {
      if (problem.name === 'AbortError') return;
      state.problem = problem;
    }
    if (stopped) return;
    draw();
    if (state.exact) document.getElementById('error-codes')?.scrollIntoView();
  }

  function searched(event) {
    Object.assign(state, { search: event.target.value, exact: false });
    draw();
  }

  const body = () => html`
    <section class="codes" id="error-codes" tabindex="-1" aria-labelledby="codes-title">
      <h2 id="codes-title">${t('Error codes')}</h2>
      <p class="hint">${t('Every error has a stable code for programs and a sentence for people. Compare the code, show the sentence.')}</p>
      <div class="toolbar">
        <input class="grow" type="search" aria-label=${t('Search error codes')} placeholder=${t('Code, status or a word')}
          .value=${state.search} @input=${searched} autocomplete="off" spellcheck="false">
      </div>
      ${found()}
    </section>`;

  function found() {
    if (state.problem) return problemState(state.problem, load);
    if (!state.codes) return skeleton(3);
    const requests = state.codes.requests.filter(matching), jobs = state.codes.jobs.filter(matching);
    return html`
      <p class="hint" role="status">${tn('{n} code', '{n} codes', requests.length + jobs.length)}</p>
      ${requests.length ? table('requests', t('Of requests'), requests, t('Status'), ({ status }) => status) : nothing}
      ${jobs.length ? table('jobs', t('Of files and jobs'), jobs, t('Tried again'), ({ retried }) => (retried ? t('yes') : t('no'))) : nothing}`;
  }

  function matching(each) {
    if (state.exact) return each.code === state.search;
    const wanted = state.search.trim().toLowerCase();
    return [each.code, each.status, each.cause, each.remedy].some((text) => String(text ?? '').toLowerCase().includes(wanted));
  }

  const back = () => { if (state.problem) load(); };
  addEventListener('picasso:back', back, { signal: context.signal });

  return { load, body, stop() { stopped = true; } };
}

const table = (kind, caption, rows, second, value) => html`
  <h3 id="codes-of-${kind}">${caption}</h3>
  <div class="table-wrap" tabindex="0" role="region" aria-labelledby="codes-of-${kind}">
    <table class="table rows">
      <thead><tr><th scope="col">${t('Code')}</th><th scope="col">${second}</th><th scope="col">${t('Cause')}</th><th scope="col">${t('Remedy')}</th></tr></thead>
      <tbody>${rows.map((each) => html`
        <tr><td data-label=${t('Code')}><code>${each.code}</code></td><td data-label=${second}>${value(each)}</td>
          <td data-label=${t('Cause')}>${withCode(each.cause)}</td><td data-label=${t('Remedy')}>${withCode(each.remedy)}</td></tr>`)}</tbody>
    </table>
  </div>`;

/** What stands in backquotes is code; of a link to the documentation the words stay. */
const withCode = (text) => html`<span>${text.replace(/\[([^\]]+)\]\([^)]+\)/g, '$1').split('`').map((part, at) => (at % 2 ? html`<code>${part}</code>` : part))}</span>`;
