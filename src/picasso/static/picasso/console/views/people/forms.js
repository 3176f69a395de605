// The dialogs of people.

import { api } from '../../core/api.js';
import { date, visible } from '../../core/format.js';
import { html, nothing } from '../../core/html.js';
import { absolute, can } from '../../core/session.js';
import { t, tn } from '../../core/words.js';
import { formDialog } from '../../parts/dialog.js';
import { checkField, selectField, textField } from '../../parts/fields.js';
import { showSecrets } from '../../parts/secret.js';
import { roleInWords, ROLES } from './roles.js';

const options = () => ROLES.map((role) => [role, roleInWords(role)]);

const DAY = 24 * 3600; // seconds

const lifetimes = () => [1, 3, 7, 30].map((days) => [String(days * DAY), tn('{n} day', '{n} days', days)]);

/** For how long the link is valid. */
const lifetimeField = (fault) => selectField({ name: 'expires_in', label: t('The link is valid for'), value: String(3 * DAY), options: lifetimes(), fault: fault('expires_in') });

/** Resolves with the new person, after the link or the password was shown. */
export async function addPerson() {
  const made = await formDialog({
    title: t('Add a person'),
    action: t('Add'),
    body: ({ fault, redraw }) => html`
      ${textField({ name: 'name', label: t('Name to sign in with'), required: true, maxlength: 150, fault: fault('name'), autofocus: true,
        hint: t('Letters, digits and @ . + - _, such as a mail address.') })}
      ${selectField({ name: 'role', label: t('Role'), value: 'viewer', options: options(), fault: fault('role') })}
      ${can('service:admin') ? checkField({ name: 'everywhere', label: t('In all projects') }) : nothing}
      ${selectField({ name: 'way', label: t('Password'), value: 'invite', changed: redraw, fault: fault('password'), options: [
        ['invite', t('The person sets it by a link')], ['password', t('It is made here and shown once')]] })}
      ${wayOf() === 'invite' ? lifetimeField(fault) : nothing}`,
    run: (values) => api('people/', { method: 'POST', body: {
      name: values.get('name').trim(), role: values.get('role'), everywhere: values.has('everywhere'),
      ...(values.get('way') === 'invite' && { invite: true, expires_in: Number(values.get('expires_in')) }),
    } }),
  });
  if (made?.invitation) await showLink(made);
  else if (made) await showPassword(made, t('The person can sign in'));
  return made;
}

/** What is chosen in the open dialog. */
const wayOf = () => /** @type {HTMLSelectElement | null} */ (document.querySelector('dialog[open] [name=way]'))?.value ?? 'invite';

/** Resolves with whether the list has to be shown anew. */
export async function invite(person) {
  const made = await formDialog({
    title: t('A link for {name}?', { name: visible(person.name) }),
    action: t('Make a link'),
    body: ({ fault }) => html`
      <p>${person.has_password ? t('By it the person sets a new password. The present one is valid until then.') : t('By it the person sets a password. Links of before are not valid any more.')}</p>
      ${lifetimeField(fault)}`,
    run: (values) => api(`people/${person.id}/invitation/`, { method: 'POST', body: { expires_in: Number(values.get('expires_in')) } }),
  });
  if (made) await showLink(made);
  return Boolean(made);
}

const showLink = ({ name, invitation }) => showSecrets({
  title: t('The link for {name}', { name: visible(name) }),
  text: t('Send it to the person in a safe way: whoever has it first sets the password. It is shown only now, and valid once, until {time}.', { time: date(invitation.expires_at) }),
  secrets: [{ label: t('Link'), value: invitation.url }],
});

/** Resolves with whether the list has to be shown anew. */
export async function newPassword(person) {
  const made = await formDialog({
    title: t('A new password for {name}?', { name: visible(person.name) }),
    action: t('Make a new password'),
    body: () => html`
      <p>${t('The old one stops working, and all sessions of the person end.')}</p>
      ${person.second_factor ? checkField({ name: 'remove', label: t('Also remove the second factor and passkeys, as they were lost') }) : nothing}`,
    run: (values) => api(`people/${person.id}/password/`, { method: 'POST', body: { remove_second_factor: values.has('remove') } }),
  });
  if (made) await showPassword(made, t('The new password'));
  return Boolean(made);
}

const showPassword = ({ name, password }, title) => showSecrets({
  title,
  text: t('Give these to the person in a safe way. The password is shown only now; the person can change it under Account.'),
  secrets: [
    { label: t('Address'), value: absolute('sign-in/') },
    { label: t('Name'), value: visible(name) },
    { label: t('Password'), value: password },
  ],
});

/** Resolves with the changed person. */
export const changeRoles = (person) => formDialog({
  title: t('Roles of {name}', { name: visible(person.name) }),
  action: t('Save'),
  body: ({ fault }) => html`
    ${selectField({ name: 'role', label: t('Role here'), value: person.role ?? '', options: [['', t('none')], ...options()], fault: fault('role') })}
    ${can('service:admin') ? selectField({ name: 'role_everywhere', label: t('Role in all projects'), value: person.role_everywhere ?? '',
      options: [['', t('none')], ...options()], fault: fault('role_everywhere') }) : nothing}
    <p class="hint">${t('It counts within five seconds, in open sessions too.')}</p>`,
  run: (values) => api(`people/${person.id}/`, { method: 'PATCH', body: changed(values, person) }),
});

/** Only what is new. */
const changed = (values, person) => Object.fromEntries(['role', 'role_everywhere']
  .filter((name) => values.has(name) && values.get(name) !== (person[name] ?? ''))
  .map((name) => [name, values.get(name) || null]));
