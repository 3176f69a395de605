// Quick starts with this host and, on request, a fresh key; then the error codes.

import { html, nothing, render } from '../../core/html.js';
import { path as link } from '../../core/router.js';
import { can, me, urls } from '../../core/session.js';
import { t } from '../../core/words.js';
import { copyButton } from '../../parts/secret.js';
import { exactly } from '../../parts/text.js';
import { errorCodes } from './codes.js';
import { makeKey, revokeKey } from './key.js';
import { STARTS, startIn } from './starts.js';

mountGuide.title = () => t('Developers');

export function mountGuide(root, context) {
  const state = { query: context.query, made: null };
  const codes = errorCodes(() => draw(), context);

  const draw = () => render(html`
    <header class="view-head">
      <h1>${t('Developers')}</h1>
      <p class="hint">${t('From here to the first file in a minute, with the address of this service filled in.')}</p>
    </header>
    ${ways()}
    <section class="card starts" aria-labelledby="starts-title">
      <h2 id="starts-title">${t('Quick start')}</h2>
      ${credential({ key: state.made, make, revoke })}
      ${quickStart(state.query, state.made)}
    </section>
    ${codes.body(state.query)}`, root);

  async function make() {
    const key = await makeKey();
    if (!key) return;
    state.made = key;
    draw();
  }

  async function revoke() {
    if (!await revokeKey(state.made)) return;
    state.made = null;
    draw();
  }

  draw();
  codes.load();
  return {
    update(next) { state.query = next.query; draw(); },
    unmount() { codes.stop(); },
  };
}

function ways() {
  return html`
    <ul class="cards ways">
      <li><a class="card way" href=${urls.docs}><strong>${t('API reference')}</strong><span class="soft">${t('Every operation, to read and to try')}</span></a></li>
      <li><a class="card way" href=${link('developers/events/')}><strong>${t('Live events')}</strong><span class="soft">${t('What happens in the project, as JSON')}</span></a></li>
      <li><a class="card way" href="#error-codes"><strong>${t('Error codes')}</strong><span class="soft">${t('The cause and the remedy of each')}</span></a></li>
    </ul>`;
}

/** The key that is filled in, or how to get one. @param {{key: any, make: () => unknown, revoke: () => unknown}} use */
function credential({ key, make, revoke }) {
  if (key) return made(key, revoke);
  if (me.kind === 'open') return html`<p class="notice">${t('Access is open here: everybody who reaches this service may use it without a key.')}</p>`;
  if (!can('project:admin')) return html`<p class="notice">${t('You need a key. Ask an administrator of the project for one.')}</p>`;
  return html`
    <div class="toolbar">
      <button class="button primary" type="button" @click=${make}>${t('Make a key for this')}</button>
      <span class="hint">${t('Or put one of your own where it says pk_….')}</span>
    </div>`;
}

const made = (key, revoke) => html`
  <div class="notice good made">
    <p>${t('A fresh key is filled in below. It may upload and read, and ends by itself:')} ${exactly(key.expires_at)}.
      ${t('It is shown until you leave this page.')}</p>
    <button class="button danger" type="button" @click=${revoke}>${t('Revoke it now')}</button>
  </div>`;

/** @param {URLSearchParams} query of the view @param {object | null} key that was made here */
function quickStart(query, key) {
  const chosen = STARTS.includes(query.get('start')) ? query.get('start') : STARTS[0];
  const { label, steps, note } = startIn(chosen, key);
  return html`
    <nav class="tabs" aria-label=${t('Languages')}>
      ${STARTS.map((name) => html`<a href=${address(name)} aria-current=${name === chosen ? 'page' : nothing}>${startIn(name, null).label}</a>`)}
    </nav>
    ${note ? html`<p>${note}</p>` : nothing}
    ${steps.map(({ title, code }) => html`
      <h3>${title}</h3>
      <div class="copied-text"><pre tabindex="0" aria-label="${label}: ${title}"><code>${code}</code></pre>${copyButton(code, title)}</div>`)}`;
}

const address = (name) => `${link('developers/')}?start=${name}`;
