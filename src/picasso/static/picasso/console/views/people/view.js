// People who sign in: their roles here and everywhere, new ones, and those who have lost their password.

import { api } from '../../core/api.js';
import { confirm } from '../../core/dialogs.js';
import { visible } from '../../core/format.js';
import { html, nothing, repeat } from '../../core/html.js';
import { can, me } from '../../core/session.js';
import { toast } from '../../core/toasts.js';
import { t } from '../../core/words.js';
import { firstPage, moreButton } from '../../parts/pages.js';
import { emptyState, screen, sentence } from '../../parts/screen.js';
import { badge, facts, said, when } from '../../parts/text.js';
import { addPerson, changeRoles, newPassword } from './forms.js';
import { roleInWords } from './roles.js';

export const title = 'People';

/** @param {HTMLElement} root */
export function mount(root) {
  const view = screen(root, { load: (signal) => firstPage('people/', { page_size: 100 }, signal), head, body });
  const add = async () => { if (await addPerson()) view.reload(); };

  function head() {
    return html`
      <header class="view-head">
        <h1>${t('People')}</h1>
        <p class="hint">${t('Who signs in with a browser, and what their role allows in the project {name}.', { name: visible(me.project) })}</p>
        ${can('project:admin') ? html`<button class="button primary" type="button" @click=${add}>${t('Add a person')}</button>` : nothing}
      </header>`;
  }

  function body(pages) {
    if (!pages.rows.length) return emptyState(t('Nobody signs in here yet'), t('Programs use keys. Add people who are to use this console.'));
    return html`<ul class="entries">${repeat(pages.rows, ({ id }) => id, row)}</ul>${moreButton(pages, view.draw)}`;
  }

  function row(person) {
    const isMe = person.name === me.person;
    return html`
      <li class="entry card">
        <h2 class="entry-name">${said(person.name)}${isMe ? html` <span class="soft">(${t('you')})</span>` : nothing}</h2>
        ${state(person)}
        ${facts([
          [t('Role here'), person.role ? roleInWords(person.role) : t('none')],
          [t('Role in all projects'), person.role_everywhere ? roleInWords(person.role_everywhere) : nothing],
          [t('Second factor'), person.second_factor ? t('set up') : person.external ? nothing : t('not set up')],
          [t('Signs in'), person.external ? t('with your organisation, which gives the roles at each sign-in') : nothing],
          [t('Last sign-in'), person.last_sign_in ? when(person.last_sign_in) : t('never')],
        ])}
        ${isMe ? nothing : actions(person)}
      </li>`;
  }

  const state = ({ active, role, role_everywhere: everywhere }) => active
    ? role || everywhere ? badge('good', t('Active')) : badge('quiet', t('No role here'))
    : badge('bad', t('Inactive'));

  const actions = (person) => html`
    <div class="toolbar">
      <button class="button" type="button" @click=${() => edit(person)}>${t('Change roles')}</button>
      ${can('service:admin') ? html`
        ${person.external ? nothing : html`<button class="button" type="button" @click=${() => act(() => newPassword(person))}>${t('New password')}</button>`}
        <button class="button" type="button" @click=${() => act(() => signOut(person))}>${t('Sign out everywhere')}</button>
        <button class="button ${person.active ? 'danger' : ''}" type="button" @click=${() => act(() => setActive(person))}>
          ${person.active ? t('Deactivate') : t('Activate')}</button>` : nothing}
    </div>`;

  async function edit(person) {
    if (await changeRoles(person)) view.reload();
  }

  async function act(run) {
    try {
      if (await run()) view.reload();
    } catch (problem) {
      toast(sentence(problem), { bad: true });
    }
  }

  async function signOut(person) {
    const sure = await confirm({
      title: t('End all sessions of {name}?', { name: visible(person.name) }),
      text: t('Everywhere within five seconds. The person can sign in again.'),
      action: t('Sign out everywhere'),
    });
    if (!sure) return;
    await api(`people/${person.id}/sign-out/`, { method: 'POST' });
    toast(t('All sessions end.'));
  }

  async function setActive(person) {
    const sure = !person.active || await confirm({
      title: t('Deactivate {name}?', { name: visible(person.name) }),
      text: t('All sessions end, and the person can’t sign in until somebody activates them. The roles stay.'),
      action: t('Deactivate'),
      danger: true,
    });
    if (!sure) return false;
    await api(`people/${person.id}/`, { method: 'PATCH', body: { active: !person.active } });
    return true;
  }

  view.reload();
  return { update() {}, unmount: view.stop };
}
