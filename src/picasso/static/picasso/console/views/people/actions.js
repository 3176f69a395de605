// What is done with a person at once: ending all sessions, and closing or opening the account.

import { api } from '../../core/api.js';
import { confirm } from '../../core/dialogs.js';
import { visible } from '../../core/format.js';
import { toast } from '../../core/toasts.js';
import { t } from '../../core/words.js';

export async function signOut(person) {
  const sure = await confirm({
    title: t('End all sessions of {name}?', { name: visible(person.name) }),
    text: t('Everywhere within five seconds. The person can sign in again.'),
    action: t('Sign out everywhere'),
  });
  if (!sure) return;
  await api(`people/${person.id}/sign-out/`, { method: 'POST' });
  toast(t('All sessions end.'));
}

/** The link of an invitation is not valid any more. Resolves with whether it is done. */
export async function withdraw(person) {
  const sure = await confirm({
    title: t('End the invitation of {name}?', { name: visible(person.name) }),
    text: t('The link is not valid any more. The person and their roles stay.'),
    action: t('End the invitation'),
    danger: true,
  });
  if (!sure) return false;
  await api(`people/${person.id}/invitation/`, { method: 'DELETE' });
  return true;
}

/** Deactivates one who is active, and the other way round. Resolves with whether it is done. */
export async function setActive(person) {
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
