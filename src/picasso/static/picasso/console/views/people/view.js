// People who sign in: their roles here and everywhere, new ones, and those who have lost their password.

import { date, visible } from '../../core/format.js';
import { html, nothing, repeat } from '../../core/html.js';
import { can, me } from '../../core/session.js';
import { t } from '../../core/words.js';
import { attempt } from '../../parts/attempt.js';
import { firstPage, moreButton } from '../../parts/pages.js';
import { emptyState, screen } from '../../parts/screen.js';
import { badge, facts, said, when } from '../../parts/text.js';
import { setActive, signOut, withdraw } from './actions.js';
import { addPerson, changeRoles, invite, newPassword } from './forms.js';
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
    return html`<ul class="entries">${repeat(pages.rows, ({ id }) => id, (person) => row(person, actions(person)))}</ul>${moreButton(pages, view.draw)}`;
  }

  const actions = (person) => html`
    <div class="toolbar">
      <button class="button" type="button" @click=${() => edit(person)}>${t('Change roles')}</button>
      ${mayInvite(person) ? html`<button class="button" type="button" @click=${() => act(() => invite(person))}>${person.has_password ? t('Link for a new password') : t('New link')}</button>` : nothing}
      ${person.invited_until && Date.parse(person.invited_until) > Date.now() ? html`<button class="button" type="button" @click=${() => act(() => withdraw(person))}>${t('End the invitation')}</button>` : nothing}
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
    if (await attempt(run)) view.reload();
  }

  view.reload();
  return { update() {}, unmount: view.stop };
}

/** The service says no to some of them: see docs/access.md. */
const mayInvite = (person) => person.active && !person.external && (!person.has_password || can('service:admin'));

/** @param {unknown} actions what can be done with another one */
function row(person, actions) {
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
        [t('Invitation'), invitation(person)],
        [t('Last sign-in'), person.last_sign_in ? when(person.last_sign_in) : t('never')],
      ])}
      ${isMe ? nothing : actions}
    </li>`;
}

/** Until when its link is valid. */
function invitation({ invited_until: until, has_password: hasPassword, external }) {
  if (!until) return hasPassword || external ? nothing : t('There is no link: make a new one.');
  return Date.parse(until) > Date.now() ? t('The link is valid until {time}.', { time: date(until) }) : t('The link has expired: make a new one.');
}

const state = ({ active, role, role_everywhere: everywhere, has_password: hasPassword, external }) => active
  ? !hasPassword && !external ? badge('waiting', t('Invited'))
  : role || everywhere ? badge('good', t('Active')) : badge('quiet', t('No role here'))
  : badge('bad', t('Inactive'));
