// The dialogs of people.

import { api } from '../../core/api.js';
import { visible } from '../../core/format.js';
import { html, nothing } from '../../core/html.js';
import { absolute, can } from '../../core/session.js';
import { t } from '../../core/words.js';
import { formDialog } from '../../parts/dialog.js';
import { checkField, selectField, textField } from '../../parts/fields.js';
import { showSecrets } from '../../parts/secret.js';
import { roleInWords, ROLES } from './roles.js';

const options = () => ROLES.map((role) => [role, roleInWords(role)]);

/** Resolves with the new person, after the password was shown. */
export async function addPerson() {
  const made = await formDialog({
    title: t('Add a person'),
    action: t('Add'),
    body: ({ fault }) => html`
      ${textField({ name: 'name', label: t('Name to sign in with'), required: true, maxlength: 150, fault: fault('name'), autofocus: true,
        hint: t('Letters, digits and @ . + - _, such as a mail address.') })}
      ${selectField({ name: 'role', label: t('Role'), value: 'viewer', options: options(), fault: fault('role') })}
      ${can('service:admin') ? checkField({ name: 'everywhere', label: t('In all projects') }) : nothing}`,
    run: (values) => api('people/', { method: 'POST', body: {
      name: values.get('name').trim(), role: values.get('role'), everywhere: values.has('everywhere'),
    } }),
  });
  if (made) await showPassword(made, t('The person can sign in'));
  return made;
}

/** Resolves with whether the list has to be shown anew. */
export async function newPassword(person) {
  const made = await formDialog({
    title: t('A new password for {name}?', { name: visible(person.name) }),
    action: t('Make a new password'),
    body: () => html`
      <p>${t('The old one stops working, and all sessions of the person end.')}</p>
      ${person.second_factor ? checkField({ name: 'remove', label: t('Also remove the second factor, as it was lost') }) : nothing}`,
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
