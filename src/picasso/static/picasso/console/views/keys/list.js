// The keys of the project: what each may do in words, until when, from where, and when it was used last.

import { html, nothing, repeat } from '../../core/html.js';
import { can } from '../../core/session.js';
import { t } from '../../core/words.js';
import { attempt } from '../../parts/attempt.js';
import { firstPage, moreButton } from '../../parts/pages.js';
import { scopesInWords } from '../../parts/scopes.js';
import { emptyState, screen } from '../../parts/screen.js';
import { badge, exactly, facts, said, when } from '../../parts/text.js';
import { revoke, showSigningSecret } from './actions.js';
import { createKey, editKey, rotateKey } from './forms.js';
import { endLinks, rotateLinks } from './links.js';
import { filters, isShown, stateOf } from './states.js';

export function mountKeys(root, context) {
  let query = context.query;
  const view = screen(root, { load: (signal) => firstPage('keys/', { page_size: 100 }, signal), head, body });

  const add = async () => { if (await createKey()) view.reload(); };

  function head() {
    return html`
      <header class="view-head">
        <h1>${t('Keys')}</h1>
        <p class="hint">${t('A key is the secret of a server of yours. Pages and apps get short-lived tokens from that server instead.')}</p>
        ${can('project:admin') ? html`<button class="button primary" type="button" @click=${add}>${t('New key')}</button>` : nothing}
      </header>`;
  }

  function body(pages) {
    const chosen = query.get('state') ?? '';
    const rows = pages.rows.filter((key) => isShown(key, chosen));
    return html`
      ${pages.rows.length ? filters(pages.rows, chosen) : nothing}
      ${rows.length ? html`<ul class="entries">${repeat(rows, ({ id }) => id, (key) => row(key, actions(key)))}</ul>` : nobody(pages.rows.length)}
      ${moreButton(pages, view.draw)}
      ${linkKeys()}`;
  }

  const actions = (key) => html`
    <div class="toolbar">
      <button class="button" type="button" @click=${() => edit(editKey, key)}>${t('Edit')}</button>
      <button class="button" type="button" @click=${() => edit(rotateKey, key)}>${t('Rotate')}</button>
      <button class="button" type="button" @click=${() => attempt(() => showSigningSecret(key))}>${t('Signing secret')}</button>
      <button class="button danger" type="button" @click=${() => attempt(() => end(key))}>${t('Revoke')}</button>
    </div>`;

  async function edit(dialog, key) {
    if (await dialog(key)) view.reload();
  }

  async function end(key) {
    if (await revoke(key)) view.reload();
  }

  view.reload();
  return {
    update(next) { query = next.query; view.draw(); },
    unmount: view.stop,
  };
}

const nobody = (others) => others
  ? emptyState(t('There is none'), t('No key is in this state.'))
  : emptyState(t('There are no keys yet'), t('Make one for each application, so that each can be revoked alone.'));

/** @param {unknown} actions what can be done with it */
function row(key, actions) {
  const { kind, label, ended } = stateOf(key);
  return html`
    <li class="entry card" data-key=${key.id}>
      <h2 class="entry-name">${said(key.name)}</h2>
      ${badge(kind, label)}
      <p class="entry-text">${t('It may {actions}.', { actions: scopesInWords(key.scopes) })}</p>
      ${facts([
        ['ID', html`<code>${key.id}</code>`],
        [t('Last used'), key.last_used_at ? when(key.last_used_at) : t('never')],
        [t('Valid until'), key.expires_at ? exactly(key.expires_at) : t('without an end')],
        [t('Revoked'), exactly(key.revoked_at)],
        [t('Only from'), key.networks.length ? key.networks.map((network) => html`<code>${network}</code> `) : nothing],
        [t('Created'), exactly(key.created_at)],
      ])}
      ${ended ? nothing : actions}
    </li>`;
}

const linkKeys = () => html`
  <section class="card links" aria-labelledby="links-title">
    <h2 id="links-title">${t('Links to private files')}</h2>
    <p>${t('Links that the service hands out are signed with a key of the project.')}</p>
    <div class="toolbar">
      <button class="button" type="button" @click=${() => attempt(rotateLinks)}>${t('Sign with a new key')}</button>
      <button class="button danger" type="button" @click=${() => attempt(endLinks)}>${t('End all links')}</button>
    </div>
  </section>`;
