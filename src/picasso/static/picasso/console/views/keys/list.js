// The keys of the project: what each may do in words, until when, from where, and when it was used last.

import { api } from '../../core/api.js';
import { confirm } from '../../core/dialogs.js';
import { visible } from '../../core/format.js';
import { html, nothing, repeat } from '../../core/html.js';
import { can } from '../../core/session.js';
import { toast } from '../../core/toasts.js';
import { t } from '../../core/words.js';
import { firstPage, moreButton } from '../../parts/pages.js';
import { scopesInWords } from '../../parts/scopes.js';
import { emptyState, screen, sentence } from '../../parts/screen.js';
import { showSecrets } from '../../parts/secret.js';
import { badge, exactly, facts, said, when } from '../../parts/text.js';
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
      ${rows.length ? html`<ul class="entries">${repeat(rows, ({ id }) => id, row)}</ul>` : nobody(pages.rows.length)}
      ${moreButton(pages, view.draw)}
      ${linkKeys()}`;
  }

  const nobody = (others) => others
    ? emptyState(t('There is none'), t('No key is in this state.'))
    : emptyState(t('There are no keys yet'), t('Make one for each application, so that each can be revoked alone.'));

  function row(key) {
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
        ${ended ? nothing : actions(key)}
      </li>`;
  }

  const actions = (key) => html`
    <div class="toolbar">
      <button class="button" type="button" @click=${() => edit(editKey, key)}>${t('Edit')}</button>
      <button class="button" type="button" @click=${() => edit(rotateKey, key)}>${t('Rotate')}</button>
      <button class="button" type="button" @click=${() => act(() => signingSecret(key))}>${t('Signing secret')}</button>
      <button class="button danger" type="button" @click=${() => act(() => revoke(key))}>${t('Revoke')}</button>
    </div>`;

  async function edit(dialog, key) {
    if (await dialog(key)) view.reload();
  }

  /** What fails is said. */
  async function act(run) {
    try {
      await run();
    } catch (problem) {
      toast(sentence(problem), { bad: true });
    }
  }

  async function revoke(key) {
    const sure = await confirm({
      title: t('Revoke this key?'),
      text: t('“{name}” and all of its tokens are refused everywhere within five seconds. This can’t be undone. To replace a key without a gap, rotate it.', { name: visible(key.name) }),
      action: t('Revoke'),
      danger: true,
    });
    if (!sure) return;
    await api(`keys/${key.id}/`, { method: 'DELETE' });
    toast(t('The key is revoked.'));
    view.reload();
  }

  async function signingSecret(key) {
    const { kid, signing_secret: secret } = await api(`keys/${key.id}/signing-secret/`, { method: 'POST' });
    await showSecrets({
      title: t('Signing secret'),
      text: t('With it a server signs tokens of this key itself (HS256). Whoever has it can make tokens with all rights of the key. That it was shown is in the audit.'),
      secrets: [{ label: t('Signing secret'), value: secret }, { label: 'kid', value: kid }],
    });
  }

  const linkKeys = () => html`
    <section class="card links" aria-labelledby="links-title">
      <h2 id="links-title">${t('Links to private files')}</h2>
      <p>${t('Links that the service hands out are signed with a key of the project.')}</p>
      <div class="toolbar">
        <button class="button" type="button" @click=${() => act(rotateLinks)}>${t('Sign with a new key')}</button>
        <button class="button danger" type="button" @click=${() => act(endLinks)}>${t('End all links')}</button>
      </div>
    </section>`;

  view.reload();
  return {
    update(next) { query = next.query; view.draw(); },
    unmount: view.stop,
  };
}
